// Plays PCM while it arrives, and keeps it for the pictures and the download.

const LEAD = 0.08; // seconds held back at the start, so that the first blocks join without a gap

export class Player {
  constructor(rate) {
    this.rate = rate;
    this.blocks = [];
    this.length = 0;
    this.context = new AudioContext({ sampleRate: rate });
    this.next = 0;
  }

  add(samples) {
    this.blocks.push(samples);
    this.length += samples.length;
    const buffer = this.context.createBuffer(1, samples.length, this.rate);
    const channel = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) channel[i] = samples[i] / 32768;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    this.next = Math.max(this.next, this.context.currentTime + LEAD);
    source.start(this.next);
    this.next += samples.length / this.rate;
  }

  // Resolves when the last block was heard.
  async end() {
    const left = this.next - this.context.currentTime;
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left * 1000));
    await this.close();
  }

  async close() {
    if (this.context.state !== "closed") await this.context.close();
  }

  samples() {
    const all = new Int16Array(this.length);
    let at = 0;
    for (const block of this.blocks) {
      all.set(block, at);
      at += block.length;
    }
    return all;
  }
}

export function wavFile(samples, rate) {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at, value) => [...value].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  const size = samples.length * 2;
  text(0, "RIFF");
  view.setUint32(4, size + 36, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, size, true);
  return new Blob([view, samples], { type: "audio/wav" });
}
