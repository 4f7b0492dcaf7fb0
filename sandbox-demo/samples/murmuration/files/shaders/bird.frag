#version 300 es
precision mediump float;
in float depth;
uniform vec3 ink;
out vec4 colour;

void main() {
  // Those far away fade into the dusk.
  float a = 0.45 + 0.5 * depth;
  colour = vec4(ink * a, a);
}
