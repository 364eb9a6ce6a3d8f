// Everything works without this file; it saves a few clicks. It keeps nothing: no storage, no cookies.
"use strict";

// The secret of a one-time link sits in the fragment, which is sent to nobody. It goes into the form, and out of the address bar.
for (const field of document.querySelectorAll("input[data-from-fragment]")) {
  const secret = location.hash.slice(1);
  if (secret && !field.value) {
    field.value = secret;
    document.getElementById(field.dataset.fromFragment)?.setAttribute("hidden", "");
    document.querySelector("[data-after-fragment]")?.focus();
  }
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

// Where the browser lets us, a button copies; what it says afterwards is what happened.
for (const line of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  const text = line.querySelector("code");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "button small";
  button.textContent = "Copy";
  said.className = "unseen";
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    let word = "Copied";
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch { // no clipboard over plain http
      getSelection().selectAllChildren(text);
      word = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C";
    }
    button.textContent = said.textContent = word;
    setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 4000);
  });
  line.append(button, said);
}

// The exact time is given in UTC; here in the reader's own time as well.
for (const time of document.querySelectorAll("time[title]")) {
  const local = new Date(time.dateTime);
  if (local.getTimezoneOffset() !== 0) {
    time.title += ` (${local.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })} here)`;
  }
}
