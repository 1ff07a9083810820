// German: webhooks, what is sent to them, and what became of it.
import type webhooks from '../en/webhooks';
import notNow from './notNow';

const webhooksInGerman: typeof webhooks = {
  webhooks: {
    screen: 'Webhooks',
    title: (account) => `Webhooks von ${account}`,
    explained:
      'Was in das Protokoll dieses Kontos geschrieben wird, wird etwa zehn Sekunden später auch an diese Adressen gesendet, signiert nach Standard Webhooks.',
    none: 'Dieses Konto hat noch keine Webhooks.',
    add: 'Webhook hinzufügen …',
    addTitle: 'Webhook hinzufügen',
    addSubmit: 'Hinzufügen',
    addExplained: 'Danach wird das Geheimnis, mit dem signiert wird, dieses eine Mal angezeigt.',
    url: 'Adresse',
    urlHint: 'https, im öffentlichen Internet',
    events: 'Ereignisse',
    allEvents: 'Alle Ereignisse',
    someEvents: 'Nur diese Ereignisse',
    failingSince: (at) => `Seit ${at} ist jeder Versuch gescheitert.`,
    oldSecretUntil: (at) => `Bis ${at} signiert auch das alte Geheimnis.`,
    states: {
      ENABLED: 'Eingeschaltet.',
      PAUSED: 'Abgeschaltet.',
      FAILED: 'Abgeschaltet: Er ist fünf Tage lang gescheitert.',
      GONE: 'Abgeschaltet: Der Empfänger hat geantwortet, dass es ihn nicht mehr gibt.',
    },
    changes: {
      enable: 'Einschalten …',
      pause: 'Abschalten …',
      rotate: 'Neues Geheimnis …',
      delete: 'Löschen …',
    },
    changeSubmit: {
      enable: 'Einschalten',
      pause: 'Abschalten',
      rotate: 'Geheimnis ersetzen',
      delete: 'Löschen',
    },
    changeExplained: {
      enable:
        'Gesendet wird, was ab jetzt geschieht. Was gefehlt hat, lässt sich aus der Liste der Zustellungen nachsenden.',
      pause: 'Es wird nichts gesendet, bis er wieder eingeschaltet wird.',
      rotate: 'Danach wird das neue Geheimnis dieses eine Mal angezeigt. Das alte signiert noch 24 Stunden mit.',
      delete: 'An diese Adresse wird nichts mehr gesendet, auch nicht, was noch wartet.',
    },
    changed: 'Der Webhook wurde geändert.',
    secretTitle: 'Das Geheimnis dieses Webhooks',
    secretExplained:
      'Der Empfänger prüft damit die Signaturen. Es wird nicht wieder angezeigt: Bewahren Sie es dort auf, wo der Empfänger es liest.',
    copy: 'Kopieren',
    copied: 'Kopiert',
    deliveries: 'Zustellungen',
    noDeliveries: 'Es wurde noch nichts gesendet.',
    columns: ['Seit', 'Was', 'Stand', 'Letzte Antwort'],
    deliveryStates: { QUEUED: 'Wartet', DELIVERED: 'Zugestellt', FAILED: 'Aufgegeben' },
    faults: {
      STATUS: 'Ein anderer Status',
      UNREACHABLE: 'Niemand antwortet',
      PRIVATE_ADDRESS: 'Nicht im öffentlichen Internet',
      TLS: 'Das Zertifikat ist nicht gültig',
      PROTOCOL: 'Die Antwort war kein HTTP',
      TIMEOUT: 'Keine Antwort in der Zeit',
      DISABLED: 'Der Webhook war abgeschaltet',
      UNSENDABLE: 'Sie konnte nicht erstellt werden',
    },
    test: 'Test senden',
    testQueued: 'Ein Test ist unterwegs.',
    reload: 'Neu laden',
    replaySince: 'Senden, was geschah, seit',
    replay: 'Nachsenden',
    replayed: (count) => (count === 1 ? '1 Nachricht ist unterwegs.' : `${count} Nachrichten sind unterwegs.`),
    rejected: {
      ...notNow,
      TOO_MANY_WEBHOOKS: 'Ein Konto hat höchstens 10 Webhooks. Löschen Sie zuerst einen.',
      CHANGED_MEANWHILE: 'Der Webhook hat sich inzwischen geändert. Sehen Sie ihn noch einmal an.',
      WEBHOOK_DISABLED: 'Dieser Webhook ist abgeschaltet. Schalten Sie ihn zuerst ein.',
      TOO_MANY_TESTS: 'Zu viele Tests in kurzer Zeit. Versuchen Sie es in einer Minute wieder.',
      TOO_MANY_REPLAYS: 'In kurzer Zeit wurde zu viel nachgesendet. Versuchen Sie es später wieder.',
      URL_NOT_ALLOWED:
        'Webhooks gehen an https-Adressen im öffentlichen Internet, ohne Benutzername und Fragment, an Port 443 oder über 1023.',
    },
  },
};

export default webhooksInGerman;
