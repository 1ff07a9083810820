// German: oneself, from signing up to another password.
import type own from '../en/own';

const passwordRejected = {
  PASSWORD_TOO_SHORT: 'Dieses Passwort ist zu kurz: Nehmen Sie mindestens 12 Zeichen.',
  PASSWORD_TOO_LONG: 'Dieses Passwort ist zu lang.',
  PASSWORD_TOO_GUESSABLE: 'Dieses Passwort ist leicht zu erraten. Nehmen Sie etwa vier Wörter ohne Zusammenhang.',
};

const ownInGerman: typeof own = {
  signUp: {
    title: 'Registrieren',
    explained:
      'Sie bekommen ein eigenes Konto und werden dessen Owner. Sie wurden in eines eingeladen? Dann nutzen Sie den Link in jener E-Mail.',
    name: 'Ihr Name',
    email: 'E-Mail',
    accountName: 'Name des Kontos',
    accountNameHint: 'Ihre Firma oder Ihr Team, so wie man es dort kennt.',
    password: 'Passwort wählen',
    submit: 'Registrieren',
    haveUser: 'Sie sind schon registriert? Anmelden',
    doneTitle: 'Sehen Sie in Ihre E-Mails',
    done: (email) =>
      `Wir haben eine E-Mail an ${email} gesendet. Öffnen Sie den Link darin, um die Adresse zu bestätigen; danach können Sie sich anmelden. Nach einigen Minuten nichts da? Sehen Sie in den Spam-Ordner und registrieren Sie sich sonst noch einmal.`,
    rejected: {
      ...passwordRejected,
      SIGN_UP_CLOSED: 'Hier kann sich niemand registrieren. Bitten Sie einen Owner oder Admin um eine Einladung.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  verify: {
    title: 'E-Mail-Adresse bestätigen',
    explained:
      'Zeigen Sie mit dem Knopf, dass Sie E-Mails an diese Adresse lesen. Von da an melden Sie sich mit ihr an.',
    submit: 'Adresse bestätigen',
    doneTitle: 'Die Adresse ist bestätigt',
    done: (email) => `Sie können sich jetzt mit ${email} anmelden.`,
    goOn: 'Weiter',
    rejected: {
      EXPIRED:
        'Der Link ist zu alt. Registrieren Sie sich noch einmal oder ändern Sie die Adresse noch einmal, und nutzen Sie die neueste E-Mail.',
      INVALID:
        'Der Link wurde schon benutzt oder durch eine neuere E-Mail ersetzt. Nutzen Sie den Link in der neuesten E-Mail.',
      EMAIL_TAKEN: 'Diese Adresse hat inzwischen jemand anderes. Nehmen Sie eine andere.',
    },
  },
  password: {
    hint: 'Mindestens 12 Zeichen, die niemand errät.',
    new: 'Neues Passwort',
    forgotTitle: 'Passwort vergessen?',
    forgotExplained:
      'Geben Sie Ihre E-Mail-Adresse ein. Wir senden Ihnen einen Link, mit dem Sie eine Stunde lang ein neues Passwort setzen können.',
    forgotSubmit: 'Link senden',
    notTheFactor:
      'Sie haben stattdessen Ihr Telefon verloren? Bitten Sie einen Owner oder Admin Ihres Kontos, Ihre MFA zurückzusetzen.',
    backToLogIn: 'Zurück zur Anmeldung',
    askedTitle: 'Sehen Sie in Ihre E-Mails',
    asked: (email) =>
      `Falls es einen Benutzer mit ${email} gibt, ist eine E-Mail mit einem Link unterwegs. Nach einigen Minuten nichts da? Prüfen Sie die Adresse und sehen Sie in den Spam-Ordner.`,
    chooseTitle: 'Neues Passwort setzen',
    chooseExplained: 'Alle Ihre Sitzungen enden. Die Multi-Faktor-Authentifizierung (MFA) bleibt, wie sie ist.',
    chooseSubmit: 'Passwort setzen',
    resetTitle: 'Das neue Passwort gilt',
    reset: (email) => `Melden Sie sich als ${email} mit dem neuen Passwort an. Jede frühere Sitzung ist beendet.`,
    linkExpired: 'Der Link galt eine Stunde. Fordern Sie einen neuen an.',
    linkInvalid:
      'Der Link wurde schon benutzt oder durch eine neuere E-Mail ersetzt. Nutzen Sie die neueste oder fordern Sie einen neuen an.',
    askAgain: 'Neuen Link anfordern',
    rejected: {
      ...passwordRejected,
      WRONG_PASSWORD: 'Das jetzige Passwort ist falsch.',
      HELD: 'Vor Kurzem wurde darum gebeten, Ihre MFA zurückzusetzen. Zu Ihrer Sicherheit lässt sich das Passwort bis dahin nicht per E-Mail neu setzen.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  profile: {
    title: 'Profil',
    about: 'Über Sie',
    name: 'Name',
    mailLanguage: 'Sprache der E-Mails',
    defaultLanguage: 'Englisch (nichts gewählt)',
    timeZone: 'Zeitzone der E-Mails',
    timeZoneHint: 'In ihr stehen Zeiten in E-Mails.',
    defaultTimeZone: 'UTC (nichts gewählt)',
    save: 'Speichern',
    saved: 'Ihr Profil ist gespeichert.',
    email: 'E-Mail-Adresse',
    emailNow: (email) => `Sie melden sich mit ${email} an.`,
    emailPending: (email) =>
      `${email} ist noch nicht bestätigt: Öffnen Sie den Link in der E-Mail, die wir dorthin gesendet haben. Bis dahin gilt die alte Adresse.`,
    newEmail: 'Neue E-Mail-Adresse',
    passwordForEmail: 'Ihr Passwort, zum Nachweis',
    changeEmail: 'Adresse ändern',
    emailAsked: (email) =>
      `Wir haben eine E-Mail an ${email} gesendet. Die Adresse gilt, sobald der Link darin benutzt wird.`,
    password: 'Passwort',
    passwordExplained: 'Wenn Sie es ändern, enden alle Ihre anderen Sitzungen.',
    currentPassword: 'Jetziges Passwort',
    changePassword: 'Passwort ändern',
    passwordChanged: (sessions) =>
      sessions === 0
        ? 'Ihr Passwort ist geändert.'
        : sessions === 1
          ? 'Ihr Passwort ist geändert; eine andere Sitzung ist beendet.'
          : `Ihr Passwort ist geändert; ${sessions} andere Sitzungen sind beendet.`,
    rejected: {
      PASSWORD_REQUIRED: 'Geben Sie Ihr Passwort ein.',
      WRONG_PASSWORD: 'Dieses Passwort ist falsch.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
};

export default ownInGerman;
