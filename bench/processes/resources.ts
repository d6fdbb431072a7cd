interface Stoppable {
  stop(): Promise<void>;
}

/** What has to be stopped in the end, the last first, whatever happens in between. */
export class Resources {
  private readonly held: Stoppable[] = [];

  hold<Thing extends Stoppable>(thing: Thing): Thing {
    this.held.push(thing);
    return thing;
  }

  async stop(): Promise<void> {
    for (let thing = this.held.pop(); thing; thing = this.held.pop()) {
      await thing.stop();
    }
  }
}
