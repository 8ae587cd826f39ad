/**
 * One of every operation that the kernels, gradients and heads of promptweave hand to TensorFlow, small. tools/ci/gpu.sh sees that none
 * is missing.
 *
 * @param {object} tf tfjs-core
 * @returns {Record<string, () => object>} each gives one tensor
 */
export function operations(tf) {
  let state = 1;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5;
  const draw = (...shape) => tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random), shape);
  const [x, y, m, n] = [draw(33, 48), draw(33, 48), draw(96, 48), draw(48, 64)];
  const [p, q] = [draw(6, 20, 16), draw(6, 16, 24)];
  const row = draw(48);
  const some = tf.tensor1d([3, 0, 32, 7, 7, 1], 'int32');
  const groups = tf.tensor1d(
    Int32Array.from({ length: 33 }, (_, i) => i % 5),
    'int32',
  );
  const positive = tf.add(tf.abs(x), 0.1);
  const number = (value) => tf.cast(value, 'float32');
  const gradient = (of) => tf.grad((value) => tf.sum(tf.square(of(value))));
  const join = (values) => tf.concat(values.map((value) => tf.reshape(value, [-1])));
  return {
    matMul: () => tf.matMul(m, n),
    'matMul, transposed': () => tf.matMul(m, m, false, true),
    'matMul, gradients': () => join(tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a, b))))([m, n])),
    'matMul of batches': () => tf.matMul(p, q),
    'matMul of batches, transposed': () => tf.matMul(p, p, false, true),
    einsum: () => tf.einsum('bik,bkj->bij', p, q),
    add: () => tf.add(x, y),
    'add a row': () => tf.add(x, row),
    addN: () => tf.addN([x, y, x]),
    sub: () => tf.sub(x, y),
    mul: () => tf.mul(x, y),
    div: () => tf.div(x, positive),
    divNoNan: () => tf.divNoNan(x, tf.relu(y)),
    mod: () => tf.mod(tf.mul(positive, 7), 2),
    neg: () => tf.neg(x),
    abs: () => tf.abs(x),
    sign: () => tf.sign(x),
    floor: () => tf.floor(tf.mul(x, 5)),
    square: () => tf.square(x),
    squaredDifference: () => tf.squaredDifference(x, y),
    sqrt: () => tf.sqrt(positive),
    rsqrt: () => tf.rsqrt(positive),
    pow: () => tf.pow(positive, 1.7),
    exp: () => tf.exp(x),
    log: () => tf.log(positive),
    sigmoid: () => tf.sigmoid(x),
    tanh: () => tf.tanh(x),
    erf: () => tf.erf(x),
    relu: () => tf.relu(x),
    'relu, gradient': () => gradient((a) => tf.relu(a))(x),
    elu: () => tf.elu(x),
    selu: () => tf.selu(x),
    softplus: () => tf.softplus(x),
    maximum: () => tf.maximum(x, y),
    minimum: () => tf.minimum(x, y),
    clip: () => tf.clipByValue(x, -0.2, 0.2),
    compare: () => join([tf.greater(x, y), tf.greaterEqual(x, y), tf.less(x, y), tf.lessEqual(x, y)].map(number)),
    'compare whole numbers': () => join([tf.equal(groups, 3), tf.notEqual(groups, 3)].map(number)),
    'and, not': () => number(tf.logicalAnd(tf.greater(x, 0), tf.logicalNot(tf.greater(y, 0)))),
    where: () => tf.where(tf.greater(x, y), x, y),
    'cast to whole numbers': () => number(tf.cast(tf.mul(x, 10), 'int32')),
    sum: () => tf.sum(x),
    'sum of rows': () => tf.sum(x, -1),
    'sum of columns': () => tf.sum(x, 0),
    mean: () => tf.mean(x, -1, true),
    max: () => tf.max(x, -1),
    min: () => tf.min(x, 0),
    argMax: () => number(tf.argMax(x, -1)),
    norm: () => tf.norm(x, 2, -1),
    'norm, gradient': () => gradient((a) => tf.norm(a, 2, -1))(x),
    moments: () => tf.moments(x, -1).variance,
    softmax: () => tf.softmax(x),
    'softmax, gradient': () => gradient((a) => tf.softmax(a))(x),
    logSoftmax: () => tf.logSoftmax(x),
    'logSoftmax, gradient': () => gradient((a) => tf.logSoftmax(a))(x),
    gather: () => tf.gather(x, some),
    'gather, gradient': () => gradient((a) => tf.gather(a, some))(x),
    unsortedSegmentSum: () => tf.unsortedSegmentSum(x, groups, 5),
    oneHot: () => number(tf.oneHot(groups, 5)),
    topk: () => tf.topk(x, 4).values,
    cumsum: () => tf.cumsum(x, 1),
    transpose: () => tf.transpose(p, [1, 0, 2]),
    'transpose of four': () => tf.transpose(tf.reshape(p, [2, 3, 20, 16]), [0, 2, 1, 3]),
    slice: () => tf.slice(x, [3, 4], [20, 30]),
    'slice, gradient': () => gradient((a) => tf.slice(a, [3, 4], [20, 30]))(x),
    concat: () => tf.concat([x, y]),
    'concat of columns': () => tf.concat([x, y], 1),
    stack: () => tf.stack([x, y]),
    unstack: () => tf.unstack(x)[5],
    split: () => join(tf.split(x, 3, 1)),
    tile: () => tf.tile(x, [2, 3]),
    'tile, gradient': () => gradient((a) => tf.tile(a, [2, 1]))(x),
    pad: () => tf.pad(x, [[1, 2], [0, 3]]), // oxfmt-ignore
    expand: () => tf.add(tf.expandDims(x, 1), tf.expandDims(y, 0)),
    fill: () => tf.fill([3, 4], 2),
    eye: () => tf.eye(4),
    range: () => number(tf.range(0, 9, 1, 'int32')),
    like: () => join([tf.zerosLike(x), tf.onesLike(x)]),
  };
}
