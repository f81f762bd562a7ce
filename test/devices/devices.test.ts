import type * as Devices from '../../lib/devices';
import {chooseDevice} from '../../lib/devices';
import {CPU} from '../../lib/devices/cpu';
import {cudaDriver, cudaInfo, cudaStatus} from '../../lib/devices/cuda';
import type {Driver} from '../../lib/devices/driver';
import type * as Native from '../../lib/native';
import type {NativeCudaStatus} from '../../lib/native';
import {infoLines} from '../../lib/devices/info';

const gpu = {name: 'A GPU', computeMajor: 9, computeMinor: 0, memory: 80 * 2 ** 30, free: 79 * 2 ** 30, multiprocessors: 132};

/** A machine: by default one with a driver and no device. */
function machine(cuda: Partial<NativeCudaStatus>): NativeCudaStatus {
  const there = {built: true, toolkitVersion: 13000, runtimeVersion: 13000, driverVersion: 13000, architectures: '75 90'};
  return {...there, reason: 'no CUDA device visible', devices: [], ...cuda};
}
const drivers = (status: NativeCudaStatus): Driver[] => [cudaDriver(() => status), CPU];
const two = machine({reason: '', devices: [gpu, {...gpu, name: 'Another', free: -1}]});
const one = machine({reason: '', devices: [gpu]});
const tooOld = 'driver 12.4 is too old for this build, which needs 13.0 (driver 580 or newer)';

describe('the device of a solve', () => {
  it.each([
    ['auto', two, {driver: 'cuda', index: 0, name: 'cuda:0'}],
    ['cuda', two, {driver: 'cuda', index: 0, name: 'cuda:0'}],
    ['cuda:1', two, {driver: 'cuda', index: 1, name: 'cuda:1'}],
    ['cuda:01', two, {driver: 'cuda', index: 1, name: 'cuda:1'}],
    ['cpu', two, {driver: 'cpu', index: 0, name: 'cpu'}],
    ['auto', machine({built: false, driverVersion: 0}), {driver: 'cpu', index: 0, name: 'cpu'}],
    ['auto', machine({}), {driver: 'cpu', index: 0, name: 'cpu'}],
  ])('%s', (word, status, expected) => {
    expect(chooseDevice(word, drivers(status))).toEqual(expected);
  });

  it.each([
    [
      'no driver',
      'cuda',
      machine({driverVersion: 0, reason: 'no NVIDIA driver installed'}),
      /^no NVIDIA driver .* no cuda: install/,
    ],
    [
      'an old driver',
      'cuda:0',
      machine({driverVersion: 12040, reason: tooOld}),
      /12\.4 is too old .*13\.0.*580.*: update the NVIDIA driver/,
    ],
    ['no device', 'cuda', machine({}), /^no CUDA device visible.*CUDA_VISIBLE_DEVICES/],
    ['a CPU-only build', 'cuda', machine({built: false, driverVersion: 0}), /no CUDA backend.*npx dinf-grid build/],
    ['a wrong index', 'cuda:2', two, /no cuda:2: the CUDA devices are cuda:0 to cuda:1/],
    ['another', 'cuda:1', one, /no cuda:1: the only CUDA device is cuda:0/],
  ])('says what is missing: %s', (_, word, status, message) => {
    expect(() => chooseDevice(word, drivers(status))).toThrow(
      expect.objectContaining({code: 'NO_SUCH_DEVICE', message: expect.stringMatching(message)}),
    );
  });

  const old = {...gpu, name: 'An old GPU', computeMajor: 7, computeMinor: 0};
  it.each([
    ['auto', [old, gpu], 'cuda:1'],
    ['cuda', [old, gpu], 'cuda:1'],
    ['auto', [old], 'cpu'],
    ['cuda', [{...gpu, computeMajor: 12}], 'cuda:0'], // newer than the build: by its PTX
  ])('%s takes a device that the build has code for', (word, devices, name) => {
    expect(chooseDevice(word, drivers(machine({reason: '', devices}))).name).toBe(name);
  });
  it.each([
    ['cuda', [old]],
    ['cuda:0', [old, gpu]],
  ])('%s says what a device has and what the build', (word, devices) => {
    expect(() => chooseDevice(word, drivers(machine({reason: '', devices})))).toThrow(
      expect.objectContaining({
        code: 'NO_SUCH_DEVICE',
        message: expect.stringMatching(/An old GPU.*compute capability 7\.0.*code for 75, 90.*build it for 70/),
      }),
    );
  });

  it('is none that has failed in this process', () => {
    const lost = [
      cudaDriver(
        () => two,
        (index) => index === 0,
      ),
      CPU,
    ];
    expect(chooseDevice('auto', lost).name).toBe('cuda:1');
    expect(chooseDevice('cuda', lost).name).toBe('cuda:1');
    const failure = {code: 'DEVICE_LOST', message: expect.stringMatching(/A GPU.*has failed.*start a new process/)};
    expect(() => chooseDevice('cuda:0', lost)).toThrow(expect.objectContaining(failure));
    expect(
      chooseDevice('auto', [
        cudaDriver(
          () => two,
          () => true,
        ),
        CPU,
      ]).name,
    ).toBe('cpu');
  });

  it('is looked for beside the event loop', async () => {
    await jest.isolateModulesAsync(async () => {
      const {addon: fresh} = jest.requireActual<typeof Native>('../../lib/native');
      const blocking = jest.spyOn(fresh(), 'cudaStatus');
      const beside = jest.spyOn(fresh(), 'lookForCuda');
      const devices = jest.requireActual<typeof Devices>('../../lib/devices');
      await Promise.all([devices.findDevice('auto'), devices.findDevice('auto')]);
      await devices.findDevice('cpu');
      expect([blocking.mock.calls.length, beside.mock.calls.length]).toEqual([0, 1]);
    });
  });

  it.each(['gpu', 'cuda:', 'cuda:-1', 'cuda:1.5', 'CPU', ''])('refuses the word "%s"', (word) => {
    expect(() => chooseDevice(word, drivers(two))).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });
});

describe('info', () => {
  it('shows each device, and what is missing', () => {
    const info = cudaInfo(two);
    expect(info).toMatchObject({cuda: 'ready', cudaToolkit: '13.0', cudaDriver: '13.0'});
    expect(info.cudaDevices).toEqual([
      {device: 'cuda:0', name: 'A GPU', computeCapability: '9.0', multiprocessors: 132, memory: gpu.memory, free: gpu.free},
      expect.objectContaining({device: 'cuda:1', free: null}),
    ]);
    expect(infoLines(drivers(two))).toMatch(
      /^cuda:0 +A GPU, compute capability 9\.0, 132 multiprocessors, 80\.0 GiB, 79\.0 GiB free$/m,
    );
    expect(infoLines(drivers(machine({driverVersion: 12040, reason: tooOld})))).toMatch(/^cuda +driver 12\.4 is too old/m);
    const without = machine({built: false, toolkitVersion: 0, driverVersion: 0});
    expect(infoLines(drivers(without))).toMatch(/^CUDA toolkit +not built in$/m);
  });

  it('asks the machine without failing, whatever it has', () => {
    const cuda = cudaStatus();
    expect(cuda.devices.length > 0).toBe(cuda.reason === '');
    expect(cuda.built).toBe(cuda.toolkitVersion > 0);
  });
});
