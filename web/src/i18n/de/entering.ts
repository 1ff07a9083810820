// German: how people come in, and come back in.
import type entering from '../en/entering';

const enteringInGerman: typeof entering = {
  logIn: {
    title: 'Anmelden',
    email: 'E-Mail',
    password: 'Passwort',
    submit: 'Anmelden',
    forgot: 'Passwort vergessen?',
    signUp: 'Registrieren',
    sessionEnded: 'Ihre Sitzung ist beendet. Melden Sie sich neu an, um fortzufahren.',
    rejected: {
      INVALID_CREDENTIALS: 'E-Mail oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es erneut.',
      EMAIL_NOT_VERIFIED:
        'Diese E-Mail-Adresse ist noch nicht bestätigt. Öffnen Sie den Link in unserer E-Mail an Sie, oder setzen Sie ein neues Passwort: Auch das bestätigt sie.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
    codeTitle: 'Code eingeben',
    codeExplained: 'Geben Sie den 6-stelligen Code aus Ihrer Authenticator-App oder einen Ihrer Backup-Codes ein.',
    code: 'Code oder Backup-Code',
    codeSubmit: 'Weiter',
    codeUntil: (time) => `Sie können den Code bis ${time} eingeben.`,
    locked:
      'Telefon und Backup-Codes verloren? Bitten Sie einen Owner oder Admin Ihres Kontos, Ihre MFA zurückzusetzen.',
    startAgain: 'Neu beginnen',
    codeRejected: {
      WRONG_CODE: 'Dieser Code ist falsch. Prüfen Sie die Uhr Ihres Geräts und geben Sie den neuesten Code ein.',
      CODE_ALREADY_USED: 'Dieser Code wurde schon benutzt. Warten Sie auf den nächsten, höchstens 30 Sekunden.',
      CHALLENGE_EXPIRED: 'Das hat zu lange gedauert. Beginnen Sie neu mit Ihrem Passwort.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  enrol: {
    title: 'MFA einrichten',
    forced:
      'Ihr Konto verlangt Multi-Faktor-Authentifizierung. Richten Sie sie jetzt ein, um die Anmeldung abzuschließen.',
    scan: 'Scannen Sie diesen QR-Code mit Ihrer Authenticator-App.',
    qrAlt: 'QR-Code für die Authenticator-App. Dasselbe Geheimnis steht darunter als Text.',
    secret: 'Oder geben Sie dieses Geheimnis von Hand ein',
    code: '6-stelliger Code',
    codeExplained: 'Geben Sie zur Probe den Code ein, den die App zeigt.',
    submit: 'MFA einschalten',
    until: (time) => `Schließen Sie es bis ${time} ab.`,
    rejected: {
      WRONG_CODE: 'Dieser Code ist falsch. Prüfen Sie die Uhr Ihres Geräts und geben Sie den neuesten Code ein.',
      ENROLLMENT_EXPIRED: 'Das hat zu lange gedauert. Beginnen Sie neu.',
      MFA_ALREADY_ENABLED: 'MFA ist schon ein.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  device: {
    title: 'Sehen Sie in Ihr Postfach',
    explained: (email) =>
      `Sie melden sich hier zum ersten Mal an. Geben Sie den 8-stelligen Code ein, den wir an ${email} geschickt haben.`,
    code: '8-stelliger Code',
    again: 'Keine Mail? Sehen Sie im Spam-Ordner nach, oder beginnen Sie neu, um einen anderen Code zu erhalten.',
    rejected: {
      WRONG_CODE: 'Dieser Code ist falsch. Nehmen Sie den Code der neuesten Mail.',
      CHALLENGE_EXPIRED: 'Das hat zu lange gedauert. Beginnen Sie neu mit Ihrem Passwort.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche. Beginnen Sie neu mit Ihrem Passwort.',
    },
  },
  stepUp: {
    title: 'Bestätigen Sie, dass Sie es sind',
    explained: 'Dafür ist ein frischer Code Ihrer Authenticator-App oder einer Ihrer Backup-Codes nötig.',
    explainedPassword: 'Dafür ist noch einmal Ihr Passwort nötig.',
    code: 'Code oder Backup-Code',
    password: 'Passwort',
    submit: 'Bestätigen',
    rejected: {
      WRONG_CODE: 'Dieser Code ist falsch. Prüfen Sie die Uhr Ihres Geräts und geben Sie den neuesten Code ein.',
      CODE_ALREADY_USED:
        'Dieser Code ist schon verbraucht. Warten Sie auf den nächsten; das dauert höchstens 30 Sekunden.',
      WRONG_PASSWORD: 'Dieses Passwort ist falsch.',
      CODE_REQUIRED: 'Geben Sie einen Code ein.',
      PASSWORD_REQUIRED: 'Geben Sie Ihr Passwort ein.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  restricted: {
    enrol:
      'Eines Ihrer Konten oder Portfolios verlangt Multi-Faktor-Authentifizierung. Richten Sie sie jetzt ein, um fortzufahren.',
    again: 'Neu anmelden',
    againExplained:
      'Eines Ihrer Konten oder Portfolios verlangt Multi-Faktor-Authentifizierung, und diese Sitzung ist älter als Ihre MFA. Melden Sie sich mit einem Code Ihrer Authenticator-App neu an.',
  },
  codes: {
    title: 'Backup-Codes sichern',
    explained:
      'Mit jedem Code kommen Sie einmal hinein, wenn Ihr Telefon nicht zur Hand ist. Sie werden nur jetzt gezeigt: kopieren, speichern oder drucken Sie sie und verwahren Sie sie sicher.',
    list: 'Backup-Codes',
    copy: 'Kopieren',
    copied: 'Kopiert',
    download: 'Herunterladen',
    print: 'Drucken',
    fileName: 'latchkey-backup-codes.txt',
    fileHeading: 'Latchkey-Backup-Codes. Jeder gilt einmal.',
    confirm: 'Ich habe diese Codes gesichert',
    submit: 'Weiter',
    leaveWarning: 'Ihre Backup-Codes werden nur jetzt gezeigt.',
  },
  accept: {
    title: 'Anfrage: MFA zurücksetzen',
    asked: (requester, scope) => `${requester} möchte die MFA Ihres Benutzers in ${scope} zurücksetzen.`,
    who: 'Angefragt von',
    scope: 'Konto',
    user: 'Ihr Benutzer',
    when: 'Angefragt am',
    until: 'Gültig bis',
    effect:
      'Wenn Sie annehmen, gelten Ihre Authenticator-App und Ihre Backup-Codes nicht mehr, und alle Ihre Sitzungen enden. Danach melden Sie sich mit Ihrem Passwort an.',
    notAsked:
      'Sie haben das nicht gewollt? Wählen Sie „Das war ich nicht“: Nichts ändert sich, und der Owner des Kontos erfährt davon.',
    password: 'Ihr Passwort',
    passwordHint: 'Ihr Konto verlangt es für diesen Schritt.',
    accept: 'Annehmen',
    decline: 'Das war ich nicht',
    acceptedTitle: 'Ihre MFA ist zurückgesetzt',
    accepted: (email) => `Die MFA von ${email} ist aus. Melden Sie sich mit Ihrem Passwort an.`,
    enrollmentNext: 'Bei der nächsten Anmeldung richten Sie MFA neu ein.',
    goToLogIn: 'Anmelden',
    declinedTitle: 'Danke für Ihre Nachricht',
    declined:
      'Nichts hat sich geändert: Ihre MFA gilt wie bisher. Wer gefragt hat und der Owner des Kontos erfahren es per E-Mail.',
    expiredTitle: 'Dieser Link ist abgelaufen',
    expired: 'Der Link galt 12 Stunden. Bitten Sie Ihren Owner oder Admin, die Zurücksetzung neu zu beginnen.',
    invalidTitle: 'Dieser Link gilt nicht',
    invalid:
      'Er wurde schon benutzt, zurückgenommen oder durch eine neuere E-Mail ersetzt. Nehmen Sie den Link der neuesten E-Mail, oder bitten Sie Ihren Owner oder Admin, die Zurücksetzung neu zu beginnen.',
    missingTitle: 'Öffnen Sie den Link in Ihrer E-Mail erneut',
    missing:
      'Zu Ihrer Sicherheit vergisst diese Seite den Link, wenn sie neu geladen wird. Öffnen Sie die E-Mail „MFA reset request“ und folgen Sie dem Link noch einmal.',
    coolingTitle: 'Sie haben die Zurücksetzung angenommen',
    cooling: (when) =>
      `MFA wird am ${when} ausgeschaltet. Bis dahin gilt sie wie bisher, und Sie können es hier aufhalten, ebenso wer Ihr Konto verwaltet.`,
    coolsOff: (hours) => `Sie wird ${hours} Stunden nach dem Annehmen wirksam; bis dahin lässt sie sich aufhalten.`,
    backupCode: 'Backup-Code, falls Sie einen haben',
    backupCodeHint: 'Damit, oder angemeldet mit Ihrem zweiten Faktor, wird sie sofort wirksam.',
    rejected: {
      PASSWORD_REQUIRED: 'Geben Sie Ihr Passwort ein.',
      WRONG_BACKUP_CODE: 'Dieser Backup-Code ist falsch oder verbraucht.',
      WRONG_PASSWORD: 'Dieses Passwort ist falsch.',
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche.',
    },
  },
  invitation: {
    title: (scope) => `${scope} beitreten`,
    invited: (inviter, scope) => `${inviter} lädt Sie zu ${scope} ein.`,
    who: 'Eingeladen',
    account: 'Konto',
    portfolio: 'Portfolio',
    name: 'Ihr Name',
    password: 'Wählen Sie ein Passwort',
    passwordHint: 'Mindestens 12 Zeichen, die niemand errät.',
    accept: 'Einladung annehmen',
    loggedInAs: (email) => `Sie sind als ${email} angemeldet und treten damit bei.`,
    logInFirst: 'Mit dieser Adresse gibt es schon eine Person: Melden Sie sich an, dann nehmen Sie an.',
    notWanted: 'Sie möchten nicht beitreten? Tun Sie nichts: Ohne Sie geschieht nichts.',
    acceptedTitle: (scope) => `Sie gehören zu ${scope}`,
    created: 'Melden Sie sich mit Ihrer E-Mail-Adresse und dem eben gewählten Passwort an.',
    joined: 'Sie finden es ab jetzt unter Ihren Konten und Portfolios.',
    enrollmentNext: 'Bei der nächsten Anmeldung richten Sie MFA ein.',
    goOn: 'Dorthin',
    expiredTitle: 'Diese Einladung ist abgelaufen',
    expired: 'Der Link galt sieben Tage. Bitten Sie, wer Sie eingeladen hat, sie noch einmal zu senden.',
    usedTitle: 'Diese Einladung wurde schon angenommen',
    used: 'Melden Sie sich an; Sie finden das Konto oder Portfolio unter Ihren eigenen.',
    invalidTitle: 'Dieser Link gilt nicht',
    invalid:
      'Die Einladung wurde zurückgenommen oder ist nicht bekannt. Bitten Sie, wer Sie eingeladen hat, um eine neue.',
    missingTitle: 'Öffnen Sie den Link in Ihrer E-Mail erneut',
    missing:
      'Zu Ihrer Sicherheit vergisst diese Seite den Link, wenn sie neu geladen wird. Öffnen Sie die E-Mail mit der Einladung und folgen Sie dem Link noch einmal.',
    rejected: {
      ANOTHER_USER: 'Hier ist jemand anderes als die eingeladene Person angemeldet. Melden Sie sich erst ab.',
      LOG_IN_REQUIRED: 'Mit dieser Adresse gibt es schon eine Person: Melden Sie sich an, dann nehmen Sie an.',
      REGISTRATION_REQUIRED: 'Wählen Sie einen Namen und ein Passwort.',
      PASSWORD_TOO_SHORT: 'Dieses Passwort ist zu kurz: Nehmen Sie mindestens 12 Zeichen.',
      PASSWORD_TOO_LONG: 'Dieses Passwort ist zu lang.',
      PASSWORD_TOO_GUESSABLE:
        'Dieses Passwort ist leicht zu erraten. Nehmen Sie ein anderes, etwa vier Wörter ohne Zusammenhang.',
    },
  },
};

export default enteringInGerman;
