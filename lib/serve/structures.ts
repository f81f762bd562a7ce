/** Structures that clients have registered: problems whose data and uniforms come later. Bounded, and forgotten when nobody uses them. */
import {randomBytes} from 'node:crypto';
import {adoptExpressions} from '../compile/evaluation';
import {adoptTerms} from '../compile/terms';
import type {StructureOptions} from '../pool/structure';
import type {Problem} from '../pose/problem';
import {problemOfTexts} from '../pose/problem-texts';
import {lattice, linspace} from '../pose/sampling';
import {Refusal} from './failures';
import type {PosedStructure, StructureBody} from './structure-task';
import type {SizeLimits} from './tasks';

/** A structure by its id. */
export interface Registered {
  readonly id: string;
  readonly caller: string;
  readonly posed: Problem;
  readonly options: StructureOptions;
  readonly grid: readonly number[];
  readonly expressions: readonly string[];
  used: number;
}

/** All structures of a service. */
export class Structures {
  private readonly known = new Map<string, Registered>();

  constructor(
    private readonly limits: SizeLimits & {readonly structures: number; readonly seconds: number},
    private readonly mostPerCaller = Math.max(1, Math.ceil(limits.structures / 4)),
  ) {}

  get size(): number {
    this.forget();
    return this.known.size;
  }

  /**
   * Keeps a problem that another thread poses.
   *
   * @param pose poses it, within limits.
   * @throws DinfError what posing throws (rejects)
   * @throws Refusal 429 where there are too many (rejects)
   */
  async add(
    pose: (limits: SizeLimits) => Promise<PosedStructure>,
    {dtype = 'float32'}: Pick<StructureBody, 'dtype'>,
    caller: string,
  ): Promise<Registered> {
    this.checkRoom(caller);
    const {texts, terms, compiled, grid, expressions} = await pose(this.limits);
    this.checkRoom(caller); // others may have come meanwhile
    const posed = problemOfTexts(texts);
    adoptTerms(posed.spec, terms);
    adoptExpressions(posed.spec, expressions, compiled);
    const {domain} = posed.spec;
    const at = lattice(domain.map(({lower, upper}, k) => linspace(lower, upper, grid[k])));
    const registered: Registered = {
      ...{id: randomBytes(16).toString('hex'), caller, posed, grid, expressions, used: Date.now()},
      options: {evaluate: {at, expressions}, dtype, device: 'cpu'},
    };
    this.known.set(registered.id, registered);
    return registered;
  }

  /** @throws Refusal 404, also for a structure of somebody else */
  get(id: string, caller: string): Registered {
    this.forget();
    const found = this.known.get(id);
    if (found?.caller !== caller) throw new Refusal(404, 'NOT_FOUND', 'there is no such structure: it has expired, or never was');
    found.used = Date.now();
    return found;
  }

  /** @throws Refusal 404 */
  delete(id: string, caller: string): void {
    this.known.delete(this.get(id, caller).id);
  }

  /** Whole seconds until the one that is idle for longest may expire. */
  private untilRoom(): number {
    const oldest = Math.min(...Array.from(this.known.values(), ({used}) => used));
    return Math.max(1, Math.ceil(this.limits.seconds - (Date.now() - oldest) / 1000));
  }

  /** @throws Refusal 429 */
  private checkRoom(caller: string): void {
    this.forget();
    const own = Array.from(this.known.values()).filter((one) => one.caller === caller).length;
    if (this.known.size < this.limits.structures && own < this.mostPerCaller) return;
    const [most, whose] = own >= this.mostPerCaller ? [this.mostPerCaller, ' of this caller'] : [this.limits.structures, ''];
    throw new Refusal(
      429,
      'QUEUE_FULL',
      `${most} structures${whose} are kept already: delete one, or wait until one expires`,
      this.untilRoom(),
    );
  }

  private forget(): void {
    const oldest = Date.now() - this.limits.seconds * 1000;
    for (const [id, {used}] of this.known) if (used < oldest) this.known.delete(id);
  }
}
