// Draws the flock on a plain canvas, where there is no WebGL.

export function drawWithCanvas(canvas) {
  const context = canvas.getContext("2d");
  return (birds, { width, ink }) => {
    const scale = canvas.width / width;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = `rgb(${ink.map(part => Math.round(part * 255)).join(" ")} / 80%)`;
    context.beginPath();
    for (let at = 0; at < birds.length; at += 4) {
      const speed = Math.hypot(birds[at + 2], birds[at + 3]) || 1;
      const [x, y, ax, ay] = [birds[at], birds[at + 1], (birds[at + 2] / speed) * 1.7, (birds[at + 3] / speed) * 1.7];
      context.moveTo(x + ax * 3.4, y + ay * 3.4);
      context.lineTo(x - ax * 1.6 - ay * 1.9, y - ay * 1.6 + ax * 1.9);
      context.lineTo(x - ax * 0.6, y - ay * 0.6);
      context.lineTo(x - ax * 1.6 + ay * 1.9, y - ay * 1.6 - ax * 1.9);
    }
    context.fill();
  };
}
