// Keys for everything that can be done with the chosen clip, their list, and a switch that turns them off.
import { $, make } from "./page.mjs";

const keys = new Map();
const dialog = $("keys");

/** Give a key an action; while the user types, keys do nothing. */
export function onKey(key, says, act) {
  keys.set(key, { says, act });
}

function areOff() {
  try { return localStorage.getItem("keys") === "off"; } catch { return false; }
}

function isTyping(target) {
  return target.closest?.("textarea, select, input:not([type=checkbox]):not([type=range]), [role=application], dialog");
}

function showKeys() {
  const rows = [...keys].map(([key, { says }]) => make("tr", {}, make("td", {}, make("kbd", {}, key === " " ? "Space" : key)), make("td", {}, says)));
  $("key-list").replaceChildren(...rows);
  $("keys-on").checked = !areOff();
  dialog.showModal();
}

/** Start to react to keys. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    const isPressed = [" ", "Enter"].includes(event.key) && event.target.closest?.("button, summary, a, tr, input");
    const found = keys.get(event.key);
    if (!found || isPressed || areOff()) return;
    event.preventDefault();
    found.act();
  });
  onKey("?", "show these keys", showKeys);
  $("show-keys").onclick = showKeys;
  $("close-keys").onclick = () => dialog.close();
  $("keys-on").onchange = () => { try { localStorage.setItem("keys", $("keys-on").checked ? "on" : "off"); } catch { /* until it is closed */ } };
}
