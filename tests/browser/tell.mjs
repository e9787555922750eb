// node tell.mjs STORY: tells one story in a browser of its own; exit code 0 if it went as told.

import { complaints, launch } from "./browser.mjs";
import { endAll } from "./processes.mjs";
import * as stories from "./stories.mjs";

// A story that waits for what never comes fails with what the page said; some take half a minute.
const longest = 240_000;

const name = process.argv[2];
const story = Object.entries(stories).find(([key]) => key.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`) === name)?.[1];
if (!story) throw new Error(`no story "${name}"`);

const context = await launch();
const page = context.pages()[0];
page.setDefaultTimeout(60_000);
const wrong = complaints(page);
try {
  await Promise.race([
    story(page, wrong),
    new Promise((_, fail) => setTimeout(() => fail(new Error(`the story took longer than ${longest / 1000} s`)), longest)),
  ]);
} catch (error) {
  console.error(error);
  console.error("the page complained:", wrong);
  await page.screenshot({ path: `/tmp/dcc-story-${name}.png`, fullPage: true });
  process.exitCode = 1;
} finally {
  await endAll();
  await context.close();
}

// What still listens or waits ends with the story.
process.exit();
