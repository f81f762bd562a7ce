import type {Image} from './image';

/**
 * How stored pixels become the picture that was taken, as the Exif standard numbers it: 1 as they are, 2 mirrored left to right, 3 turned
 * by half a turn, 4 mirrored top to bottom, 5 transposed, 6 turned clockwise, 7 transposed along the other diagonal, 8 turned
 * counterclockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Width and height of the picture that pixels stored in this way show. */
export function orientedSize(width: number, height: number, orientation: Orientation): {width: number; height: number} {
  return orientation >= 5 ? {width: height, height: width} : {width, height};
}

/** The picture turned and mirrored as its orientation says; one of orientation 1 is returned as it is, not copied. */
export function oriented(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const {channels, data: stored} = image;
  const {width, height} = orientedSize(image.width, image.height, orientation);
  const {first, right, down} = walk(image.width, image.height, orientation);
  const data = new Float64Array(stored.length);
  let index = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (first + row * down + column * right) * channels;
      for (let channel = 0; channel < channels; channel++) data[index++] = stored[from + channel];
    }
  }
  return {...image, width, height, data};
}

/** The stored pixel that is shown first, and how many pixels further the next one to the right and the next one down are stored. */
function walk(width: number, height: number, orientation: Orientation): {first: number; right: number; down: number} {
  const [topRight, bottomLeft, bottomRight] = [width - 1, (height - 1) * width, height * width - 1];
  switch (orientation) {
    case 1:
      return {first: 0, right: 1, down: width};
    case 2:
      return {first: topRight, right: -1, down: width};
    case 3:
      return {first: bottomRight, right: -1, down: -width};
    case 4:
      return {first: bottomLeft, right: 1, down: -width};
    case 5:
      return {first: 0, right: width, down: 1};
    case 6:
      return {first: bottomLeft, right: -width, down: 1};
    case 7:
      return {first: bottomRight, right: -width, down: -1};
    case 8:
      return {first: topRight, right: width, down: -1};
  }
}
