// A plain TypeScript module: `.ms` and `.ts` files import each other freely.

export type VatRate = "standard" | "reduced";

const RATES: Readonly<Record<VatRate, number>> = { standard: 0.19, reduced: 0.07 };

/** The part of a gross amount, in cents, that is value-added tax. */
export function vatIn(cents: number, rate: VatRate): number {
  return Math.round(cents - cents / (1 + RATES[rate]));
}
