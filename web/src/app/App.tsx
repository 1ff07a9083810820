// Which screen stands at which address, and who gets to see it. Screens other than log-in are fetched when needed.
import { lazy, Suspense } from 'react';
import { useQuery } from 'urql';
import { Redirect, Route, Switch, useLocation, useSearchParams } from 'wouter';
import { LogInPage } from '../logIn/LogInPage';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { NotFound } from './NotFound';
import { Plain } from './Plain';
import { homeOf, ViewerContext, viewerDocument } from './viewer';

const Shell = lazy(() => import('./Shell'));
const RestrictedPage = lazy(() => import('../logIn/RestrictedPage'));
const AcceptPage = lazy(() => import('../acceptReset/AcceptPage'));
const RecoveryPage = lazy(() => import('../recovery/RecoveryPage'));
const InvitationPage = lazy(() => import('../invitation/InvitationPage'));
const SignUpPage = lazy(() => import('../signUp/SignUpPage'));
const VerifyEmailPage = lazy(() => import('../signUp/VerifyEmailPage'));
const ForgotPasswordPage = lazy(() => import('../password/ForgotPasswordPage'));
const ResetPasswordPage = lazy(() => import('../password/ResetPasswordPage'));
const AccountUsersPage = lazy(() => import('../users/AccountUsersPage'));
const PortfolioUsersPage = lazy(() => import('../users/PortfolioUsersPage'));
const PortfolioTeamPage = lazy(() => import('../users/PortfolioTeamPage'));
const PortfolioAccountsPage = lazy(() => import('../users/PortfolioAccountsPage'));
const ProfilePage = lazy(() => import('../profile/ProfilePage'));
const CreatePage = lazy(() => import('../create/CreatePage'));
const AccountSettingsPage = lazy(() => import('../settings/AccountSettingsPage'));
const PortfolioSettingsPage = lazy(() => import('../settings/PortfolioSettingsPage'));
const RolesPage = lazy(() => import('../roles/RolesPage'));
const WebhooksPage = lazy(() => import('../webhooks/WebhooksPage'));
const SecurityPage = lazy(() => import('../security/SecurityPage'));
const AccountPolicyPage = lazy(() => import('../policy/AccountPolicyPage'));
const PortfolioPolicyPage = lazy(() => import('../policy/PortfolioPolicyPage'));
const AccountAuditPage = lazy(() => import('../audit/AccountAuditPage'));
const PortfolioAuditPage = lazy(() => import('../audit/PortfolioAuditPage'));

export function App() {
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/mfa-reset">
          <AcceptPage />
        </Route>
        <Route path="/invitation">
          <InvitationPage />
        </Route>
        <Route path="/recovery">
          <RecoveryPage />
        </Route>
        <Route path="/sign-up">
          <SignUpPage />
        </Route>
        <Route path="/verify-email">
          <VerifyEmailPage />
        </Route>
        <Route path="/forgot-password">
          <ForgotPasswordPage />
        </Route>
        <Route path="/reset-password">
          <ResetPasswordPage />
        </Route>
        <Route>
          <SignedInOrNot />
        </Route>
      </Switch>
    </Suspense>
  );
}

function SignedInOrNot() {
  const [{ data, fetching, error }, refetch] = useQuery({ query: viewerDocument });
  const [path] = useLocation();
  const [params] = useSearchParams();

  if (fetching && !data) return <Loading />;
  if (!data) {
    return (
      <Plain>
        {error && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      </Plain>
    );
  }
  const viewer = data.viewer;
  if (!viewer) {
    if (path === '/login') return <LogInPage />;
    return <Redirect to={path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`} replace />;
  }
  if (viewer.mfaEnrollmentRequired || viewer.secondFactorRequired) {
    return <RestrictedPage canEnrol={viewer.mfaEnrollmentRequired} />;
  }
  if (path === '/login') return <Redirect to={nextPath(params.get('next')) ?? homeOf(viewer)} replace />;
  if (path === '/') return <Redirect to={homeOf(viewer)} replace />;

  return (
    <ViewerContext.Provider value={viewer}>
      <Shell>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/accounts/:id/users">{({ id }) => <AccountUsersPage key={id} id={id} />}</Route>
            <Route path="/accounts/:id/roles">{({ id }) => <RolesPage key={id} id={id} />}</Route>
            <Route path="/accounts/:id/policy">{({ id }) => <AccountPolicyPage key={id} id={id} />}</Route>
            <Route path="/accounts/:id/audit">{({ id }) => <AccountAuditPage key={id} id={id} />}</Route>
            <Route path="/accounts/:id/webhooks">{({ id }) => <WebhooksPage key={id} id={id} />}</Route>
            <Route path="/accounts/:id/settings">{({ id }) => <AccountSettingsPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/users">{({ id }) => <PortfolioUsersPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/team">{({ id }) => <PortfolioTeamPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/accounts">{({ id }) => <PortfolioAccountsPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/policy">{({ id }) => <PortfolioPolicyPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/audit">{({ id }) => <PortfolioAuditPage key={id} id={id} />}</Route>
            <Route path="/portfolios/:id/settings">{({ id }) => <PortfolioSettingsPage key={id} id={id} />}</Route>
            <Route path="/profile">
              <ProfilePage />
            </Route>
            <Route path="/create">
              <CreatePage />
            </Route>
            <Route path="/security">
              <SecurityPage />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </Shell>
    </ViewerContext.Provider>
  );
}

/** Only a path of this site: a link must not send anybody elsewhere after log-in. */
function nextPath(next: string | null): string | null {
  return next && /^\/[^/\\]/.test(next) && next !== '/login' ? next : null;
}
