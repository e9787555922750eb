// viridis: even to the eye, and readable by the colour-blind. 256 colours between 17 of its own.

const anchors = [
  "440154", "481668", "482878", "424086", "3b528b", "33638d", "2c728e", "26828e", "21918c", "1fa088", "28ae80", "3fbc73", "5ec962", "84d44b", "addc30",
  "d8e219", "fde725",
].map(hex => [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16)));

const colour = index => {
  const at = index / 255 * (anchors.length - 1);
  const low = Math.min(Math.floor(at), anchors.length - 2);
  return anchors[low].map((value, channel) => Math.round(value + (anchors[low + 1][channel] - value) * (at - low)));
};

/** Pixels as canvases keep them in memory on little-endian machines: alpha, blue, green, red. */
export const viridis = Uint32Array.from({ length: 256 }, (_, index) => {
  const [red, green, blue] = colour(index);
  return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
});

/** The value of one of page.css's colours in the current theme. */
export const themed = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
