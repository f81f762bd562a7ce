/** Checkpoints of a running solve on their way into the store. */
import {readFile, stat} from 'node:fs/promises';
import type {ObjectStore} from './store-interface';

/** Where they go. */
export interface UploadOptions {
  readonly store: ObjectStore;
  readonly key: string;
  /** The file that the solve writes, whole each time. */
  readonly file: string;
  /** Between looks at the file. */
  readonly seconds: number;
  /** Hears of one that could not be written: the solve goes on, and what is there stays. */
  readonly onFailure: (error: unknown) => void;
}

/** Looks at the file now and then and copies each new one, one after another; the newest counts where the store is slow. */
export class CheckpointUpload {
  /** How many are in the store. */
  count = 0;
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> | undefined;
  private seen = '';

  constructor(private readonly options: UploadOptions) {
    this.timer = setInterval(() => {
      this.running ??= this.look().finally(() => (this.running = undefined));
    }, 1000 * options.seconds);
  }

  /** Ends it; what is under way is waited for, so that nothing is written after that. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async look(): Promise<void> {
    const {store, key, file, onFailure} = this.options;
    try {
      const status = await stat(file, {bigint: true}).catch(() => undefined);
      if (status === undefined) return; // none yet
      // Each is a new file, renamed to this name.
      const version = `${status.ino} ${status.mtimeNs}`;
      if (version === this.seen) return;
      await store.put(key, await readFile(file));
      this.seen = version;
      this.count += 1;
    } catch (error) {
      onFailure(error);
    }
  }
}
