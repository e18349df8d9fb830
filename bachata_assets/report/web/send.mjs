// Sending the changes to the server of the page: first to show the difference, then to apply. The token stays in this tab.
import { $, make } from "./page.mjs";
import { appliedText, differenceText, problemText } from "./edits.mjs";
import { onKey } from "./keys.mjs";
import { changesAsPatch, markApplied } from "./review.mjs";

const PLACE = "/annotations";
const sending = { token: "" }; // never in any storage: it is gone with the page

/** Send the changes; return the server's answer. Throws a line that says why there is none. */
async function sendChanges(dryRun) {
  const body = JSON.stringify(changesAsPatch());
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${sending.token}` };
  let answer = null;
  try {
    answer = await fetch(`${PLACE}?dry_run=${dryRun}`, { method: "POST", headers, body, credentials: "omit", redirect: "error" });
  } catch {
    throw new Error("The server does not answer.");
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) sending.token = "";
  if (!answer.ok) throw new Error(problemText(answer.status, said.detail));
  return said;
}

function showStep(step) {
  $("send-token").hidden = step !== "token";
  $("send-difference").hidden = step !== "difference";
  $("send-apply").hidden = step !== "difference" || !$("send-lines").children.length;
}

async function attempt(act) {
  $("send-says").textContent = "…";
  try {
    $("send-says").textContent = await act();
  } catch (error) {
    $("send-says").textContent = error.message;
    if (!sending.token) askForToken();
  }
}

function askForToken() {
  showStep("token");
  $("send-word").focus();
}

async function showDifference() {
  const said = await sendChanges(true);
  $("send-lines").replaceChildren(...said.changes.map((change) => make("li", {}, differenceText(change))));
  showStep("difference");
  (said.changes.length ? $("send-apply") : $("send-close")).focus();
  return appliedText(said);
}

async function applyChanges() {
  const said = await sendChanges(false);
  markApplied();
  $("send-lines").replaceChildren();
  showStep("done");
  $("send-close").focus();
  return appliedText(said);
}

function openSending() {
  $("sending").showModal();
  $("send-says").textContent = "";
  if (sending.token) attempt(showDifference);
  else askForToken();
}

/** Offer to send the changes, if the page comes from a server that accepts them. */
export async function startSending() {
  if (!location.protocol.startsWith("http")) return;
  $("send").onclick = openSending;
  $("send-close").onclick = () => $("sending").close();
  $("send-apply").onclick = () => attempt(applyChanges);
  $("send-token").onsubmit = (event) => {
    event.preventDefault();
    sending.token = $("send-word").value;
    $("send-word").value = "";
    attempt(showDifference);
  };
  const said = await fetch(PLACE).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (said?.changes !== true) return;
  $("send").hidden = false;
  onKey("w", "send the changes to the server", () => { if (!$("changes").hidden) openSending(); });
}
