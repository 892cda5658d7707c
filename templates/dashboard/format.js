// Figures, units and times as people read them.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const THIN = "\u202f";

// Unit of a row -> steps of what people read: from this value on, divided by that, called so.
const SCALES = {
  us: [[1e6, 1e6, "s"], [1e3, 1e3, "ms"], [0, 1, "µs"]],
  ns: [[1e9, 1e9, "s"], [1e6, 1e6, "ms"], [1e3, 1e3, "µs"], [0, 1, "ns"]],
  nanoseconds: [[1e9, 1e9, "s"], [1e6, 1e6, "ms"], [1e3, 1e3, "µs"], [0, 1, "ns"]],
  B: [[10 * 2 ** 20, 2 ** 20, "MiB"], [10 * 1024, 1024, "KiB"], [0, 1, "B"]],
  cycles: [[1e6, 1e6, "M cycles"], [1e4, 1e3, "k cycles"], [0, 1, "cycles"]],
  instructions: [[1e6, 1e6, "M instructions"], [1e4, 1e3, "k instructions"], [0, 1, "instructions"]],
  "inferences/s": [[0, 1, "/s"]],
};

// What the values up to `most` are divided by on an axis, and the name of what they are then.
export function scaleOf(unit, most) {
  const steps = SCALES[unit] ?? [[0, 1, unit]];
  const [, divisor, name] = steps.find(([from]) => Math.abs(most) >= from) ?? steps.at(-1);
  return { divisor, name };
}

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e12 || size < 1e-4)) return value.toExponential(2);
  if (size >= 1000) return grouped.format(value).replaceAll(",", THIN);
  if (Number.isInteger(value)) return String(value);
  const digits = size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

export function withUnit(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "ms") return duration(value / 1000);
  if (unit === "code") return String(value);
  const { divisor, name } = scaleOf(unit, value);
  const text = number(value / divisor);
  return name ? `${text}${THIN}${name}` : text;
}

export function percent(share) {
  return share >= 0.9995 || share === 0 ? `${Math.round(100 * share)} %` : `${(100 * share).toFixed(1)} %`;
}

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return `${s} s`;
  if (s < 6000) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function clock(seconds) {
  return d3.timeFormat("%H:%M:%S")(new Date(seconds * 1000));
}

export function moment(seconds) {
  return d3.timeFormat("%Y-%m-%d %H:%M:%S")(new Date(seconds * 1000));
}

const TICKS = [
  [d3.timeSecond, ".%L"],
  [d3.timeMinute, "%H:%M:%S"],
  [d3.timeDay, "%H:%M"],
  [d3.timeYear, "%b %d"],
].map(([unit, text]) => [unit, d3.timeFormat(text)]);
const year = d3.timeFormat("%Y");

function tickTime(date) {
  const [, format] = TICKS.find(([unit]) => unit(date) < date) ?? [null, year];
  return format(date);
}

const TICK_PIXELS = 110;
const LABEL_PIXELS = 66;
const EDGE_PIXELS = 14;

// The axis of the time scale `x`. D3 gives up to twice the ticks that it is asked for: of those only
// as many stay as there is room for their texts.
export function timeAxis(x) {
  const [left, right] = x.range();
  const ticks = x.ticks(Math.max(2, Math.floor((right - left) / TICK_PIXELS)));
  const stride = Math.ceil((ticks.length * LABEL_PIXELS) / (right - left));
  const kept = ticks.filter((at, index) => index % stride === 0 && x(at) <= right - EDGE_PIXELS);
  return d3.axisBottom(x).tickValues(kept).tickFormat(tickTime).tickSize(4).tickPadding(5);
}

// "latency_us_p50" -> "latency us p50"
export function words(name) {
  return name.replaceAll("_", " ");
}
