// Everything works without this file; it saves a few clicks. It keeps nothing: no storage, no cookies.
"use strict";

// What a live page's parts looked like as they came, before anything below touches them.
const parts = new Map([...document.querySelectorAll("[data-live]")].map(part => [part.id, part.innerHTML]));

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

// Copies by way of the selection, for plain http, where there is no clipboard to ask. True only when the browser took the text.
function copySelected(text) {
  let taken = false;
  const take = event => {
    event.clipboardData?.setData("text/plain", text.textContent);
    event.preventDefault();
    taken = event.clipboardData !== null;
  };
  getSelection().selectAllChildren(text);
  document.addEventListener("copy", take, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", take);
  return done && taken;
}

// Where the browser lets us, a button copies; what it says afterwards is what happened.
function addCopyButtons(root) {
  for (const line of root.querySelectorAll("[data-copy]")) {
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
      } catch {
        word = copySelected(text) ? "Copied" : "Selected: press Ctrl+C";
      }
      button.textContent = said.textContent = word;
      setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 4000);
    });
    line.append(button, said);
  }
}

// The exact time is given in UTC; here in the reader's own time as well.
function addLocalTimes(root) {
  for (const time of root.querySelectorAll("time[title]")) {
    const local = new Date(time.dateTime);
    if (local.getTimezoneOffset() !== 0) {
      time.title += ` (${local.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })} here)`;
    }
  }
}

addCopyButtons(document);
addLocalTimes(document);

// A token is on its page once. Left behind, the page forgets it, should the browser keep the page for going back.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret] code")) secret.textContent = "(shown before)";
});

// Counts a pause down, by the server's clock.
for (const clock of document.querySelectorAll("[data-until]")) {
  const ends = performance.now() + Number(clock.dataset.until) - Number(clock.dataset.now);
  const exact = clock.textContent;
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    clock.textContent = left > 0 ? `${left} s left, ${exact}` : "over";
    if (left === 0) location.replace(location.pathname);
    else setTimeout(tick, 250);
  };
  tick();
}

// "/" goes to the search, as in many a list.
addEventListener("keydown", event => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !/^(input|textarea|select)$/i.test(event.target.tagName)) {
    const search = document.querySelector("[data-key='/']");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

// Pages that live: the server says "look again", the page fetches itself and takes over the parts that differ. Without the stream it asks by itself.
const live = document.querySelector("[data-live-source]");
if (live && parts.size > 0) {
  const state = document.querySelector("[data-live-state]");
  const saying = document.createElement("p");
  saying.className = "unseen";
  saying.setAttribute("role", "status");
  document.body.append(saying);
  let stream, poll, busy = false, again = false, over = false;
  let last = 0, timer;

  const tell = text => {
    if (state) {
      state.hidden = false;
      state.textContent = text;
    }
  };

  const take = html => {
    const page = new DOMParser().parseFromString(html, "text/html");
    let words = "";
    for (const [id, before] of parts) {
      const fresh = page.getElementById(id);
      const part = document.getElementById(id);
      if (!fresh || !part || fresh.innerHTML === before) continue;
      const saidBefore = part.querySelector("[data-say]")?.textContent;
      const open = [...part.querySelectorAll("details[open]")].map(d => d.id);
      const controls = () => [...part.querySelectorAll("a, button, input, select, summary, [tabindex]")];
      const focused = controls().indexOf(document.activeElement);
      const typed = new Map([...part.querySelectorAll("input:not([type=hidden])")].map(i => [i.id, i.value]));
      parts.set(id, fresh.innerHTML);
      part.innerHTML = fresh.innerHTML;
      for (const details of open) document.getElementById(details)?.setAttribute("open", "");
      for (const [field, value] of typed) {
        const input = document.getElementById(field);
        if (input && value) input.value = value;
      }
      addCopyButtons(part);
      addLocalTimes(part);
      if (focused >= 0) controls()[focused]?.focus({ preventScroll: true });
      const says = part.querySelector("[data-say]")?.textContent;
      if (says && says !== saidBefore) words += `${says.trim()}. `;
    }
    if (words) saying.textContent = words;
  };

  const look = async () => {
    if (over) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Tandem-Live": "1" }, cache: "no-store" });
      if (answer.redirected || answer.status === 403) {
        stop("Not live any more: you are signed out. Reload the page to sign in.");
      } else if (answer.ok) {
        take(await answer.text());
      }
    } catch { // the server is not there now; the next look tells
    }
    busy = false;
    if (again) {
      again = false;
      soon();
    }
  };

  // At most every other second, however many calls come in.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { last = Date.now(); look(); }, Math.max(0, last + 2000 - Date.now()));
  };

  const ask = () => {
    tell("Updated every 10 seconds.");
    poll ??= setInterval(look, 10000);
  };

  const begin = () => {
    if (over || stream || document.hidden) return;
    stream = new EventSource(live.dataset.liveSource);
    stream.onopen = () => {
      clearInterval(poll);
      poll = undefined;
      tell("Live: this page keeps itself up to date.");
    };
    stream.onmessage = soon;
    stream.onerror = () => {
      if (stream?.readyState === EventSource.CLOSED) {
        stream = undefined;
        ask();
      }
    };
  };

  const pause = () => {
    stream?.close();
    stream = undefined;
    clearInterval(poll);
    poll = undefined;
  };

  function stop(text) {
    over = true;
    pause();
    tell(text);
  }

  // A browser opens few connections to one server: a page that nobody looks at holds none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      pause();
    } else {
      begin();
      soon();
    }
  });
  addEventListener("pagehide", pause);
  begin();
}
