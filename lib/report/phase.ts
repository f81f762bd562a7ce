import {DinfError} from '../errors';
import type {BytePicture} from '../imaging/codec';
import type {Samples} from '../imaging/image';
import {requireShape} from '../imaging/image';
import {GLYPH_HEIGHT, textWidth} from './font';
import {shortNumber} from './numbers';
import type {Rgb} from './sheet';
import {fitted, Sheet} from './sheet';

/** How a complex field becomes colours. */
export interface PhasePictureOptions {
  /** The magnitude shown at full brightness; larger ones are clipped. Default: the largest. */
  magnitude?: number;
  /** Brightness is (|u|/magnitude)^gamma; default 0.5, since waves that spread decay fast. */
  gamma?: number;
  /** Whether a colour wheel stands on the right; true by default. */
  wheel?: boolean;
  /** Most pixels for the longer side, 1024 by default. */
  largest?: number;
}

const INK: Rgb = [28, 30, 33];
const NOT_A_NUMBER: Rgb = [255, 0, 255];

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
  const scale = Math.max(1, Math.round(picture.height / 256));
  const radius = 24 * scale;
  const gap = 6 * scale;
  const line = (GLYPH_HEIGHT + 2) * scale;
  const right = textWidth('0°') * scale + gap;
  const left = textWidth('180°') * scale + gap;
  const caption = `edge: ${edge}`;
  const room = Math.max(left + 2 * radius + right, textWidth(caption) * scale) + gap;
  const sheet = new Sheet(picture.width + gap + room, Math.max(picture.height, 2 * (radius + line) + 2 * line));
  sheet.put(picture, 0, 0);
  const middleX = picture.width + gap + left + radius;
  const middleY = line + 2 * scale + radius;
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (Math.hypot(x, y) > radius) continue;
      sheet.rectangle(middleX + x, middleY + y, 1, 1, phaseColour(x, -y, radius, gamma));
    }
  }
  const label = (text: string, x: number, y: number): void => {
    sheet.text(text, Math.round(x), Math.round(y), scale, INK);
  };
  const centred = (text: string): number => middleX - (textWidth(text) * scale) / 2;
  const halfLine = (GLYPH_HEIGHT * scale) / 2;
  label('0°', middleX + radius + gap / 2, middleY - halfLine);
  label('90°', centred('90°'), middleY - radius - line);
  label('180°', picture.width + gap, middleY - halfLine);
  label('270°', centred('270°'), middleY + radius + 2 * scale);
  label(caption, picture.width + gap, middleY + radius + 2 * line);
  return sheet;
}
