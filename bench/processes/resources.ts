interface Stoppable {
  stop(): Promise<void>;
}

/** What has to be stopped in the end, the last first, whatever happens in between. */
export class Resources {
  private readonly held: Stoppable[] = [];
  private stopped: Promise<void> | undefined;

  hold<Thing extends Stoppable>(thing: Thing): Thing {
    this.held.push(thing);
    return thing;
  }

  /** What takes a while to start: it is stopped even when the end comes before it has started. */
  holdStarting<Thing extends Stoppable>(starting: Promise<Thing>): Promise<Thing> {
    this.held.push({
      stop: () =>
        starting.then(
          (thing) => thing.stop(),
          () => undefined,
        ),
    });
    return starting;
  }

  /** Whoever calls it, and however often, waits until everything has stopped. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    for (let thing = this.held.pop(); thing; thing = this.held.pop()) {
      await thing.stop();
    }
  }
}
