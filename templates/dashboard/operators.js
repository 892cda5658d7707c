// One colour for an operator, in the profile and in the map of the arena.

const KNOWN = [
  "CONV_2D",
  "DEPTHWISE_CONV_2D",
  "FULLY_CONNECTED",
  "ADD",
  "AVERAGE_POOL_2D",
  "MAX_POOL_2D",
  "SOFTMAX",
];

export function colourOf(op) {
  const place = KNOWN.indexOf(op);
  return `c${place < 0 ? 7 : place}`;
}
