// Medians over rounds, and ratios of figures that were taken in the same round.
export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const medianOf = (row, figure) => median(row.samples.map((sample) => sample[figure]));

/** The median of `figure` of `row` divided by that of `reference`, round by round. */
export function ratio(row, reference, figure) {
  const base = new Map(reference.samples.map((sample) => [sample.round, sample[figure]]));
  return median(row.samples.map((sample) => sample[figure] / base.get(sample.round)));
}
