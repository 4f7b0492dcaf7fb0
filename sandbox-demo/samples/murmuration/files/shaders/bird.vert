#version 300 es
// One bird for each instance: a small dart, turned the way it flies, wings beating.
in vec2 corner;
in vec4 bird; // place in pixels, velocity
uniform vec2 view;
uniform float size;
uniform float time;
out float depth;

void main() {
  vec2 ahead = normalize(bird.zw + vec2(1e-4));
  vec2 side = vec2(-ahead.y, ahead.x);
  depth = fract(float(gl_InstanceID) * 0.61803);
  float beat = 0.65 + 0.35 * sin(time * 0.012 + float(gl_InstanceID) * 1.7);
  vec2 at = bird.xy + (ahead * corner.x + side * corner.y * beat) * size * (0.6 + 0.6 * depth);
  gl_Position = vec4(at / view * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
}
