// The nearest clips of a clip, and why they are near. A view is one way of comparing clips, from `map_data.py`.

/** Number of neighbours that each clip has room for in a view. */
export const SHOWN = 5;

/** Return the nearest clips of a clip, best first. */
export function neighboursOf(view, row) {
  return view.near.slice(row * SHOWN, (row + 1) * SHOWN).filter((one) => one >= 0);
}

/** Return where most of a family's likeness comes from, in words; empty if the two are not alike. */
export function reasonOf(groups, view, family, at) {
  const own = groups[family];
  if (!own || view.kind[family][at] < 0) return "";
  const kind = own.kinds[view.kind[family][at]];
  const part = view.part[family][at];
  return part < 0 ? kind : `${own.parts[part]}, ${kind}`;
}

/** Return {family, share, reason} for every family in which a clip and its neighbour in a slot can be compared. */
export function comparison(groups, view, families, row, slot) {
  const at = row * SHOWN + slot;
  return families
    .map((family) => ({ family, share: view.family[family][at] / 1000, reason: reasonOf(groups, view, family, at) }))
    .filter(({ share }) => share >= 0);
}
