// German: what refuses many changes alike, for the time being.
const notNow = {
  STEP_UP_REQUIRED: 'Bestätigen Sie, dass Sie es sind, und versuchen Sie es noch einmal.',
  RECENTLY_RESET: 'Ihre eigene MFA wurde vor Kurzem zurückgesetzt; deshalb geht das noch nicht.',
};

export default notNow;
