// The dashboard in a real browser against the real gateway, mongod and SMTP server.
import { after, afterEach, before, describe } from 'node:test';
import { Stage } from './harness/stage';
import { acceptPage } from './suites/acceptPage';
import { budget } from './suites/budget';
import { invitations } from './suites/invitations';
import { loggingIn } from './suites/loggingIn';
import { mainJob } from './suites/mainJob';
import { members } from './suites/members';
import { newDevice } from './suites/newDevice';
import { ownSecurity } from './suites/ownSecurity';
import { playground } from './suites/playground';
import { resets } from './suites/resets';
import { screens } from './suites/screens';
import { usersTab } from './suites/usersTab';

describe('the dashboard', () => {
  let stage: Stage;
  const onStage = () => stage;

  before(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  mainJob(onStage);
  loggingIn(onStage);
  usersTab(onStage);
  resets(onStage);
  acceptPage(onStage);
  invitations(onStage);
  members(onStage);
  ownSecurity(onStage);
  screens(onStage);
  budget(onStage);
  playground(onStage);
});

newDevice();
