/** The surface that a ray through each sample of a picture meets first; rows from the top. */
export interface Visible {
  readonly width: number;
  readonly height: number;
  /** Distance from the viewer along the line of sight; infinite where nothing is met. */
  readonly depth: Float32Array;
  /** Normal turned to the viewer, in the viewer's axes (right, up, back): (samples, 3). */
  readonly normal: Float32Array;
  /** Colour of the surface, 0 to 255: (samples, 3). */
  readonly colour: Uint8Array;
}
