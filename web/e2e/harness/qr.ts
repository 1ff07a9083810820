// Reads the QR code off the screen, as a phone would.
import jsQR from 'jsqr';
import type { Locator } from 'playwright-core';
import { PNG } from 'pngjs';

export async function readQrCode(image: Locator): Promise<string> {
  const { width, height, data } = PNG.sync.read(await image.screenshot());
  const found = jsQR(new Uint8ClampedArray(data), width, height);
  if (!found) throw new Error('no QR code on the screenshot');
  return found.data;
}
