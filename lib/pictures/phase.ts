import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {Samples} from '../imaging/image';
import {requireShape} from '../imaging/image';
import {shortNumber} from './numbers';
import type {Rgb} from './palette';
import {NOT_A_NUMBER} from './palette';
import {fitted} from './resize';
import {lineCover, Sheet} from './sheet';
import {capHeight, lineHeight, textSizeFor, textWidth} from './text';

/** Options of {@link phasePicture}. */
export interface PhasePictureOptions {
  /** Magnitude shown at full brightness; larger ones are clipped. Default: the largest. */
  magnitude?: number;
  /** Brightness is (|u|/magnitude)^gamma; waves that spread decay fast, hence the default of 0.5. */
  gamma?: number;
  /** Whether a colour wheel stands on the right. Default true. */
  wheel?: boolean;
  /** Most pixels of the longer side. Default 1024. */
  largest?: number;
}

/**
 * A complex field: the hue is the phase (red 0°, green 120°, blue 240°, evenly in between), the brightness the magnitude. What is not
 * finite is magenta.
 *
 * @param re (height, width) row-major, the first row on top
 * @param im as `re`
 * @throws DinfError INVALID_ARGUMENT
 */
export function phasePicture(
  re: Samples,
  im: Samples,
  shape: {readonly width: number; readonly height: number},
  options: PhasePictureOptions = {},
): BytePicture {
  requireShape(re, {...shape, channels: 1}, 'The real part');
  requireShape(im, {...shape, channels: 1}, 'The imaginary part');
  let largest = 0;
  for (let i = 0; i < re.length; i++) {
    const magnitude = Math.hypot(re[i], im[i]);
    if (Number.isFinite(magnitude)) largest = Math.max(largest, magnitude);
  }
  const {magnitude = largest > 0 ? largest : 1, gamma = 0.5} = options;
  if (!(magnitude > 0) || !Number.isFinite(magnitude)) {
    throw new DinfError('INVALID_ARGUMENT', `The magnitude of a phase picture is ${magnitude}: give a finite number above 0.`);
  }
  if (!(gamma > 0) || !Number.isFinite(gamma)) {
    throw new DinfError('INVALID_ARGUMENT', `The gamma of a phase picture is ${gamma}: give a finite number above 0.`);
  }
  const data = new Uint8Array(3 * re.length);
  for (let i = 0; i < re.length; i++) data.set(phaseColour(re[i], im[i], magnitude, gamma), 3 * i);
  const picture = fitted({width: shape.width, height: shape.height, channels: 3, data}, {largest: options.largest});
  return options.wheel === false
    ? picture
    : withWheel(picture, (largest > magnitude ? '≥ ' : '') + shortNumber(magnitude), gamma);
}

/** Three cosines 120° apart, lifted to nearly full strength: brightness depends on the hue as little as a screen allows. */
function phaseColour(re: number, im: number, magnitude: number, gamma: number): Rgb {
  const size = Math.hypot(re, im);
  if (!Number.isFinite(size)) return NOT_A_NUMBER;
  const phase = Math.atan2(im, re);
  const hue = [0, 1, 2].map((third) => 0.5 + 0.5 * Math.cos(phase - (third * 2 * Math.PI) / 3));
  const brightness = (255 * Math.min(1, size / magnitude) ** gamma) / Math.max(...hue) ** 0.7;
  return [Math.round(brightness * hue[0]), Math.round(brightness * hue[1]), Math.round(brightness * hue[2])];
}

/** The key: the unit disk coloured by the same rule, its radius the magnitude, with the angles around it. */
function withWheel(picture: BytePicture, edge: string, gamma: number): BytePicture {
  const size = textSizeFor(picture.height);
  const radius = 2 * size;
  const gap = Math.round(size / 2);
  const capital = capHeight(size);
  const right = gap + textWidth('0°', size);
  const left = textWidth('180°', size) + gap;
  const caption = `edge: ${edge}`;
  const room = Math.max(left + 2 * radius + right, textWidth(caption, size)) + gap;
  const rows = gap + capital + gap + 2 * radius + gap + capital + lineHeight(size) + gap;
  const sheet = new Sheet(picture.width + 2 * gap + room, Math.max(picture.height, rows));
  sheet.put(picture, 0, 0);
  const start = picture.width + 2 * gap;
  const middleX = start + left + radius;
  const middleY = gap + capital + gap + radius;
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      const colour = phaseColour(x, -y, radius, gamma);
      sheet.blend(middleX + x, middleY + y, colour, lineCover(Math.hypot(x, y), radius - 0.5));
    }
  }
  const beside = middleY - (capital >> 1);
  sheet.text('0°', middleX + radius + gap, beside, {size});
  sheet.text('90°', middleX, middleY - radius - gap - capital, {size, align: 'middle'});
  sheet.text('180°', middleX - radius - gap, beside, {size, align: 'right'});
  sheet.text('270°', middleX, middleY + radius + gap, {size, align: 'middle'});
  sheet.text(caption, start, middleY + radius + gap + lineHeight(size), {size});
  return sheet;
}
