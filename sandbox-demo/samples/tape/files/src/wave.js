// The outline of the sound: bars, played ones in colour, what is loaded in between.

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} outline from 0 to 1
 * @param {number} played from 0 to 1
 */
export function drawWave(canvas, outline, played) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * scale)) [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);

  const style = getComputedStyle(canvas);
  const bars = Math.min(outline.length, Math.floor(width / 4));
  const step = width / bars;
  for (let bar = 0; bar < bars; bar += 1) {
    const value = outline[Math.floor((bar / bars) * outline.length)];
    const tall = Math.max(3, value * (height - 6));
    context.globalAlpha = bar / bars < played ? 1 : 0.28;
    context.fillStyle = style.color;
    context.beginPath();
    context.roundRect(bar * step + 0.5, (height - tall) / 2, Math.max(1.5, step - 1.8), tall, 2);
    context.fill();
  }
}
