// The dashboard in a real browser against the real gateway, mongod and SMTP server.
import { after, afterEach, before, describe } from 'node:test';
import { Stage } from './harness/stage';
import { acceptPage } from './suites/acceptPage';
import { bulk } from './suites/bulk';
import { budget } from './suites/budget';
import { coverage } from './suites/coverage';
import { invitations } from './suites/invitations';
import { keyboard } from './suites/keyboard';
import { lighthouseSays } from './suites/lighthouse';
import { loggingIn } from './suites/loggingIn';
import { mainJob } from './suites/mainJob';
import { members } from './suites/members';
import { newDevice } from './suites/newDevice';
import { ownSecurity } from './suites/ownSecurity';
import { plainPages } from './suites/plainPages';
import { playground } from './suites/playground';
import { portfolios } from './suites/portfolios';
import { profile } from './suites/profile';
import { recovery } from './suites/recovery';
import { resets } from './suites/resets';
import { roles } from './suites/roles';
import { screens } from './suites/screens';
import { secondThoughts } from './suites/secondThoughts';
import { signingUp } from './suites/signingUp';
import { stepUp } from './suites/stepUp';
import { trustedOnly } from './suites/trustedOnly';
import { usersTab } from './suites/usersTab';
import { webhooks } from './suites/webhooks';

describe('the dashboard', () => {
  let stage: Stage;
  const onStage = () => stage;

  before(async () => {
    // Receivers of webhooks run beside the tests.
    stage = await Stage.open({ LATCHKEY_WEBHOOK_ALLOW_PRIVATE: 'on' });
  });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  mainJob(onStage);
  loggingIn(onStage);
  usersTab(onStage);
  resets(onStage);
  secondThoughts(onStage);
  recovery(onStage);
  stepUp(onStage);
  acceptPage(onStage);
  invitations(onStage);
  members(onStage);
  roles(onStage);
  webhooks(onStage);
  ownSecurity(onStage);
  coverage(onStage);
  signingUp(onStage);
  profile(onStage);
  portfolios(onStage);
  bulk(onStage);
  keyboard(onStage);
  screens(onStage);
  budget(onStage);
  lighthouseSays(onStage);
  playground(onStage);
});

describe('the dashboard, with a gateway that is closed to others', () => {
  let stage: Stage;

  before(async () => {
    stage = await Stage.open({ LATCHKEY_TRUSTED_DOCUMENTS_ONLY: 'on' });
  });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  trustedOnly(() => stage);
});
newDevice();
plainPages();
