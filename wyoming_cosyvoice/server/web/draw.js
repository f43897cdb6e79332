// The pictures: a waveform, and a spectrogram on the mel scale.

const FFT = 512;
const BANDS = 80;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function waveform(canvas, samples) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = colour("--wave");
  const step = samples.length / width;
  for (let x = 0; x < width; x++) {
    let low = 0;
    let high = 0;
    for (let i = Math.floor(x * step); i < Math.floor((x + 1) * step); i++) {
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    const top = ((32768 - high) / 65536) * height;
    pen.fillRect(x, top, 1, Math.max(1, ((high - low) / 65536) * height));
  }
}

export function spectrogram(canvas, samples, rate) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const bands = melBands(rate);
  const window = Float32Array.from({ length: FFT }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT));
  const hop = Math.max(1, (samples.length - FFT) / width);
  for (let x = 0; x < width; x++) {
    const power = spectrum(samples, Math.floor(x * hop), window);
    const levels = bands.map(([from, to]) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += power[i];
      return Math.min(1, Math.max(0, (10 * Math.log10(sum / (to - from) + 1e-12) + 80) / 70));
    });
    for (let y = 0; y < height; y++) {
      const level = levels[Math.floor(((height - 1 - y) / height) * BANDS)];
      const at = (y * width + x) * 4;
      image.data[at] = 255 * Math.min(1, level * 1.6);
      image.data[at + 1] = 255 * level ** 1.6;
      image.data[at + 2] = 255 * (0.25 + 0.5 * Math.sin(Math.PI * level));
      image.data[at + 3] = 255;
    }
  }
  pen.putImageData(image, 0, 0);
}

function melBands(rate) {
  const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
  const hertz = (value) => 700 * (10 ** (value / 2595) - 1);
  const top = mel(rate / 2);
  return Array.from({ length: BANDS }, (_, i) => {
    const from = Math.floor((hertz((top * i) / BANDS) / rate) * FFT);
    const to = Math.floor((hertz((top * (i + 1)) / BANDS) / rate) * FFT);
    return [from, Math.max(from + 1, to)];
  });
}

// Power spectrum of one window, by an iterative radix-2 transform.
function spectrum(samples, start, window) {
  const re = new Float32Array(FFT);
  const im = new Float32Array(FFT);
  const bits = Math.log2(FFT);
  for (let i = 0; i < FFT; i++) {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
    re[reversed] = ((samples[start + i] ?? 0) / 32768) * window[i];
  }
  for (let size = 2; size <= FFT; size *= 2) {
    for (let base = 0; base < FFT; base += size) {
      for (let k = 0; k < size / 2; k++) {
        const angle = (-2 * Math.PI * k) / size;
        const c = Math.cos(angle);
        const s = Math.sin(angle);
        const a = base + k;
        const b = a + size / 2;
        const r = re[b] * c - im[b] * s;
        const i = re[b] * s + im[b] * c;
        re[b] = re[a] - r;
        im[b] = im[a] - i;
        re[a] += r;
        im[a] += i;
      }
    }
  }
  return Float32Array.from({ length: FFT / 2 }, (_, i) => (re[i] ** 2 + im[i] ** 2) / FFT);
}
