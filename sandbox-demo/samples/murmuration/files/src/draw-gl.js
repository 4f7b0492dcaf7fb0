// Draws the flock with WebGL 2: one dart, drawn once for each bird.

const DART = new Float32Array([3.4, 0, -1.6, 2.3, -0.6, 0, 3.4, 0, -0.6, 0, -1.6, -2.3]);
const text = async path => (await fetch(new URL(`../shaders/${path}`, import.meta.url))).text();

/** @returns {Promise<((birds: Float32Array, frame: object) => void) | null>} null where there is no WebGL 2 */
export async function drawWithGl(canvas) {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: true, premultipliedAlpha: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, path] of [[gl.VERTEX_SHADER, "bird.vert"], [gl.FRAGMENT_SHADER, "bird.frag"]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, await text(path));
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`${path}: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);

  const buffer = (name, size, data, divisor) => {
    const made = gl.createBuffer();
    const place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, made);
    if (data) gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(place, divisor);
    return made;
  };
  buffer("corner", 2, DART, 0);
  const flock = buffer("bird", 4, null, 1);
  const uniform = Object.fromEntries(["view", "size", "time", "ink"].map(name => [name, gl.getUniformLocation(program, name)]));
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

  return (birds, { width, height, time, ink }) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniform.view, width, height);
    gl.uniform1f(uniform.size, 1.7);
    gl.uniform1f(uniform.time, time);
    gl.uniform3f(uniform.ink, ...ink);
    gl.bindBuffer(gl.ARRAY_BUFFER, flock);
    gl.bufferData(gl.ARRAY_BUFFER, birds, gl.STREAM_DRAW);
    gl.drawArraysInstanced(gl.TRIANGLES, 0, 6, birds.length / 4);
  };
}
