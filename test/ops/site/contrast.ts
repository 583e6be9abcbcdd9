import type { Page } from 'playwright-core';

/** A text that is hard to read, with how much it stands out from what is behind it. */
export type Faint = { readonly text: string; readonly ratio: number };

/**
 * Texts of a page that stand out less than they should.
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum (4.5, for AA)
 */
export const faintTexts = (window: Page, least = 4.5): Promise<readonly Faint[]> => window.evaluate(measured, least);

/** How bright the page is behind its text: 0 is black, 1 is white. */
export const brightness = (window: Page): Promise<number> => window.evaluate(bright);

/** Runs in the page. */
function bright(): number {
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) ?? []).map(
    Number,
  );
  return (red + green + blue) / (3 * 255);
}

/** Runs in the page, so it holds all that it uses. */
function measured(least: number): readonly Faint[] {
  type Colour = { readonly rgb: readonly number[]; readonly alpha: number };
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const colourOf = (css: string): Colour => {
    canvas?.clearRect(0, 0, 1, 1);
    if (canvas !== null) canvas.fillStyle = css;
    canvas?.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas?.getImageData(0, 0, 1, 1).data ?? [];
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const over = (front: Colour, back: readonly number[]): readonly number[] =>
    front.rgb.map((part, index) => part * front.alpha + (back[index] ?? 0) * (1 - front.alpha));
  const behind = (element: Element | null): readonly number[] => {
    if (element === null) return [255, 255, 255];
    const own = colourOf(getComputedStyle(element).backgroundColor);
    return own.alpha === 1 ? own.rgb : over(own, behind(element.parentElement));
  };
  const luminance = (rgb: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = rgb.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const hasOwnText = (element: Element): boolean =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '');

  return [...document.querySelectorAll('.VPContent *, .VPNav *')]
    .filter((element) => hasOwnText(element) && element.checkVisibility({ opacityProperty: true }))
    .map((element) => {
      const back = behind(element);
      const front = over(colourOf(getComputedStyle(element).color), back);
      const [dark = 0, light = 0] = [luminance(front), luminance(back)].sort((a, b) => a - b);
      return {
        text: element.textContent.trim().slice(0, 60),
        ratio: Number(((light + 0.05) / (dark + 0.05)).toFixed(2)),
      };
    })
    .filter(({ ratio }) => ratio < least);
}
