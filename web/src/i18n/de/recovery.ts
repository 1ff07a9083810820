// German: recovery contacts, and the way back of an Owner whom nobody else can help.
import type { Messages } from '../en';
import notNow from './notNow';

const recoveryInGerman: Messages['recovery'] = {
  contacts: {
    title: 'Notfallkontakte',
    explained:
      'Sind Sie ausgesperrt und kann sonst niemand helfen, bestätigen zwei von ihnen, dass Sie es sind, und Sie bekommen eine E-Mail, um Ihre MFA zurückzusetzen. Sie sehen und verwalten deshalb nichts.',
    none: 'Sie haben noch niemanden benannt.',
    are: (people) => `Jetzt: ${people}.`,
    willBe: (people, when) => `Ab ${when}: ${people}.`,
    willBeNone: (when) => `Ab ${when}: niemand.`,
    name: 'Kontakte benennen …',
    change: 'Ändern …',
    keep: 'Änderung zurücknehmen',
    kept: 'Ihre Notfallkontakte bleiben, wie sie sind.',
    dialogTitle: (account) => `Notfallkontakte von ${account}`,
    dialogExplained:
      'Wählen Sie zwei oder drei Personen des Kontos, die Sie erreichen, ohne angemeldet zu sein. Die ersten gelten nach 24 Stunden, andere nach 72; alle Beteiligten erfahren es per E-Mail.',
    pick: 'Niemand',
    place: (number) => `Kontakt ${number}`,
    submit: 'Benennen',
    takeAway: 'Entfernen',
    named: 'Alle Beteiligten wurden per E-Mail benachrichtigt.',
    rejected: {
      ...notNow,
      NOT_A_MEMBER: 'Eine dieser Personen gehört nicht mehr zum Konto.',
      ONESELF: 'Sie können nicht Ihr eigener Kontakt sein.',
      SUPPORT: 'Support kann kein Notfallkontakt sein.',
      NOTHING_WAITS: 'Die Änderung gilt schon. Benennen Sie stattdessen andere Kontakte.',
    },
  },
  link: 'Sie sind der Owner, und niemand kann helfen? Fragen Sie Ihre Notfallkontakte',
  ask: {
    title: 'Fragen Sie Ihre Notfallkontakte',
    explained:
      'Wenn Sie Owner eines Kontos sind und Notfallkontakte benannt haben, können diese bestätigen, dass Sie es sind. Zwei müssen es tun.',
    submit: 'Kontakte fragen',
    askedTitle: 'Wenn Sie Notfallkontakte benannt haben, werden sie jetzt gefragt',
    asked: (email) =>
      `Ob jemand gefragt wird, erfahren Sie hier nicht. Auch ${email} bekommt eine E-Mail dazu. Rufen Sie Ihre Kontakte an: Sie haben 24 Stunden, und sobald zwei bestätigt haben, bekommen Sie eine E-Mail, um Ihre MFA zurückzusetzen.`,
    back: 'Zurück zur Anmeldung',
    rejected: {
      TOO_MANY_ATTEMPTS: 'Zu viele Versuche. Vielleicht wurden Ihre Kontakte schon gefragt.',
    },
  },
  confirm: {
    title: (owner) => `Ist es ${owner}, der fragt?`,
    asked: (owner, account) =>
      `Jemand, der sich als ${owner}, Owner von ${account}, ausgibt, ist ausgesperrt. Sie gehören zu den Notfallkontakten.`,
    care: 'Bestätigen Sie nur, wenn Sie mit dem Owner gesprochen haben, am Telefon oder persönlich, und nicht wegen einer E-Mail oder Nachricht.',
    owner: 'Owner',
    account: 'Konto',
    when: 'Gefragt am',
    until: 'Gültig bis',
    submit: 'Ich habe mit dem Owner gesprochen: bestätigen',
    doneTitle: 'Sie haben bestätigt',
    done: 'Ein weiterer Kontakt muss ebenfalls bestätigen.',
    complete: 'Zwei Kontakte haben bestätigt: Der Owner bekommt eine E-Mail, um die MFA zurückzusetzen.',
    already: 'Sie haben schon bestätigt. Für Sie ist nichts mehr zu tun.',
    rejected: {
      EXPIRED: 'Dieser Link ist abgelaufen. Der Owner muss noch einmal fragen.',
      INVALID: 'Es gibt nichts mehr zu bestätigen: Es wurde abgebrochen, oder andere haben bestätigt.',
      ALREADY_CONFIRMED: 'Sie haben schon bestätigt. Für Sie ist nichts mehr zu tun.',
      NOT_COUNTED:
        'Ihr Wort zählt zurzeit nicht: Sie sind kein Kontakt mehr, oder Ihre eigene Adresse, Ihr Passwort oder Ihre MFA hat sich vor Kurzem geändert.',
      MFA_NOT_ENABLED: 'Der Owner hat keine MFA; es gibt nichts zurückzusetzen.',
      FROZEN: 'Der Owner hat vor Kurzem auf eine Zurücksetzung mit „Das war ich nicht“ geantwortet.',
      HELD: 'E-Mail-Adresse oder Passwort des Owners haben sich vor Kurzem geändert.',
      TOO_MANY_RESETS: 'In letzter Zeit wurden zu viele Zurücksetzungen für den Owner angefordert.',
    },
  },
  stop: {
    title: 'Ihre Notfallkontakte werden gefragt',
    asked: (account) =>
      `Jemand hat angegeben, dass Sie ausgesperrt sind, und die Notfallkontakte von ${account} werden gefragt, ob Sie es sind.`,
    explained:
      'Wenn Sie das nicht waren, brechen Sie es ab: Es geschieht nichts, Ihre MFA bleibt eingeschaltet, und Ihre Kontakte werden benachrichtigt.',
    submit: 'Das war ich nicht',
    doneTitle: 'Es ist abgebrochen',
    done: 'Ihre MFA bleibt eingeschaltet. Eine Zeit lang kann niemand Ihre Kontakte noch einmal fragen.',
    rejected: {
      EXPIRED: 'Dieser Link ist abgelaufen, und damit auch die Anfrage.',
      INVALID: 'Es wurde schon abgebrochen, oder die Zurücksetzung daraus wurde beantwortet.',
    },
  },
};

export default recoveryInGerman;
