// English: what refuses many changes alike, for the time being.
const notNow = {
  STEP_UP_REQUIRED: 'Confirm that it is you, and try again.',
  RECENTLY_RESET: 'Your own MFA was reset a short while ago, so you cannot do this yet.',
};

export default notNow;
