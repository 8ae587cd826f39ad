import { mean } from './data.mjs';

/** Spearman's rank correlation of two lists, and its two-sided p-value by all orders of one of them: for up to ten or so values. */
export function rankCorrelation(first, second) {
  const [a, b] = [first, second].map((values) => centred(ranks(values)));
  const observed = product(a, b);
  let [orders, extreme] = [0, 0];
  const visit = (place, sum, left) => {
    if (left.length === 0) {
      orders += 1;
      if (Math.abs(sum) >= Math.abs(observed) - 1e-9) extreme += 1;
    }
    left.forEach((value, i) => visit(place + 1, sum + a[place] * value, left.toSpliced(i, 1)));
  };
  visit(0, 0, b);
  return { rho: observed / Math.sqrt(product(a, a) * product(b, b)), p: extreme / orders };
}

/** Places from 1; equal values share the mean of theirs. */
function ranks(values) {
  const below = (value) => values.filter((other) => other < value).length;
  const equal = (value) => values.filter((other) => other === value).length;
  return values.map((value) => below(value) + (equal(value) + 1) / 2);
}

function centred(values) {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
