// Which language, and how times and durations read in it. A language is fetched when it is chosen.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { AccountRole, PortfolioRole } from '../gql/graphql';
import type { Messages } from './en';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const KEY = 'latchkey-language';

const load: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import('./en'),
  de: () => import('./de'),
};

export interface I18n {
  language: Language;
  setLanguage(language: Language): void;
  m: Messages;
  /** "24 Nov 2026, 15:58", in the person's time zone. */
  dateTime(iso: string): string;
  /** "15:58" today, else with the date. */
  clock(iso: string): string;
  /** "24 Nov 2026", for the start of a day in UTC. */
  day(iso: string): string;
  number(value: number): string;
  /** "80 %", for 0.8; less than all is never "100 %". */
  percent(share: number): string;
  /** "11 h 59 min" */
  duration(milliseconds: number): string;
}

const I18nContext = createContext<I18n | null>(null);

function initialLanguage(): Language {
  const chosen = localStorage.getItem(KEY);
  const wanted = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is Language => tag === 'en' || tag === 'de') ?? 'en';
}

/** Some systems report what no standard knows, such as "en-US@posix". */
function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

export async function loadFirstLanguage(): Promise<{ language: Language; messages: Messages }> {
  const language = initialLanguage();
  return { language, messages: (await load[language]()).default };
}

export function I18nProvider(props: { first: { language: Language; messages: Messages }; children: ReactNode }) {
  const [{ language, messages }, setCurrent] = useState(props.first);

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const i18n = useMemo<I18n>(() => {
    const locale = navigator.languages.find((tag) => tag.startsWith(language) && isLocale(tag)) ?? language;
    const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
    const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
    const numbers = new Intl.NumberFormat(locale);
    const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
    const days = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    return {
      language,
      m: messages,
      setLanguage(next) {
        localStorage.setItem(KEY, next);
        void load[next]().then((module) => setCurrent({ language: next, messages: module.default }));
      },
      dateTime: (iso) => full.format(new Date(iso)),
      clock: (iso) => {
        const at = new Date(iso);
        return at.toDateString() === new Date().toDateString() ? time.format(at) : full.format(at);
      },
      day: (iso) => days.format(new Date(iso)),
      number: (value) => numbers.format(value),
      percent: (share) => percents.format(share < 1 ? Math.min(share, 0.99) : 1),
      duration(milliseconds) {
        const minutes = Math.floor(milliseconds / 60_000);
        if (minutes < 1) return messages.time.lessThanMinute;
        const hours = Math.floor(minutes / 60);
        return hours === 0 ? messages.time.minutes(minutes) : messages.time.hoursMinutes(hours, minutes % 60);
      },
    };
  }, [language, messages]);

  return <I18nContext.Provider value={i18n}>{props.children}</I18nContext.Provider>;
}

export function useI18n(): I18n {
  const i18n = useContext(I18nContext);
  if (!i18n) throw new Error('useI18n outside I18nProvider');
  return i18n;
}

/** What somebody is, or is invited to be: a role that the account has defined, by its own name, or a static one. */
export function roleName(
  m: Messages,
  given: { role: AccountRole | PortfolioRole; customRole?: { name: string } | null },
): string {
  return given.customRole?.name ?? label(m.roles, given.role);
}

/** A label, or the enum value's own name where a language does not know it yet. */
export function label<K extends string>(labels: Partial<Record<K, string>>, key: K): string {
  return labels[key] ?? key.toLowerCase().replaceAll('_', ' ');
}
