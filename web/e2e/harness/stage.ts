// What every suite plays on: one gateway and one browser.
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launch, visit, type Visitor } from './browser';
import { Gateway } from './gateway';

export class Stage {
  private readonly visitors: Visitor[] = [];

  private constructor(
    readonly gateway: Gateway,
    readonly browser: Browser,
  ) {}

  static async open(settings: Record<string, string> = {}): Promise<Stage> {
    const gateway = await Gateway.start(settings);
    try {
      return new Stage(gateway, await launch());
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  get url(): string {
    return this.gateway.url;
  }

  async visitor(options?: BrowserContextOptions): Promise<Visitor> {
    const visitor = await visit(this.browser, options);
    this.visitors.push(visitor);
    return visitor;
  }

  /** After each test: everybody goes home, and nobody's browser had anything to complain about. */
  async clear(): Promise<void> {
    const complaints = this.visitors.flatMap((visitor) => visitor.complaints);
    for (const visitor of this.visitors.splice(0)) await visitor.close();
    assert.deepEqual(complaints, [], 'the browser complained');
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.gateway.stop();
  }
}

export type OnStage = () => Stage;
