// A dialog's <header> is no banner of the page.
export const dialogAttributes = { header: { role: 'presentation' } };
