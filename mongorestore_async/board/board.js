// Keeps the page up to date. Without it everything can be read; the page is then loaded anew every 30 seconds.
"use strict";
(() => {
  let after = document.body.dataset.after;
  if (!after) return; // a page of one project

  const QUIET = 45000; // the server says every 15 seconds that it is there
  const LONGEST = 30000;
  const status = document.getElementById("status");
  let source = null, heard = 0, pause = 1000, timer = null, hiding = null;

  const say = (text) => { if (status.textContent !== text) status.textContent = text; };

  function open() {
    clearTimeout(timer);
    if (source || document.hidden) return;
    heard = Date.now();
    // A new stream has no Last-Event-ID of its own, so the address has it.
    source = new EventSource("events?after=" + encodeURIComponent(after));
    source.onopen = () => { pause = 1000; heard = Date.now(); say("Live."); };
    source.onerror = () => {
      say("Connection lost, trying again.");
      // After an answer other than 200, such as a gateway's 502, the browser gives up for good.
      if (source && source.readyState === EventSource.CLOSED) again();
    };
    source.addEventListener("alive", () => { heard = Date.now(); });
    source.addEventListener("reset", () => {
      close();
      // Behind a balancer the next server may be the other one again: not more often than every ten seconds.
      setTimeout(() => location.reload(), Math.max(0, 10000 - performance.now()));
    });
    source.addEventListener("change", (event) => {
      heard = Date.now();
      after = event.lastEventId;
      show(JSON.parse(event.data));
    });
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  function again() {
    close();
    clearTimeout(timer);
    timer = setTimeout(open, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST);
  }

  // The server escapes every name, and the content security policy lets no script in a fragment run.
  function show(fragments) {
    const focus = document.activeElement && document.activeElement.id;
    for (const [id, html] of Object.entries(fragments)) {
      const old = document.getElementById(id);
      const made = document.createElement("template");
      made.innerHTML = html;
      const fresh = made.content.firstElementChild;
      if (!old || !fresh) continue;
      const before = old.querySelectorAll(".wide");
      fresh.querySelectorAll(".wide").forEach((wide, place) => {
        if (before[place]) wide.dataset.left = before[place].scrollLeft;
      });
      if (fresh.classList.contains("t")) fresh.classList.add("new");
      old.replaceWith(fresh);
      fresh.querySelectorAll("[data-left]").forEach((wide) => { wide.scrollLeft = wide.dataset.left; });
    }
    const kept = focus && document.getElementById(focus);
    if (kept && kept !== document.activeElement) kept.focus({ preventScroll: true });
    const last = fragments.changes && document.querySelector("#changes li");
    say(last ? "Live. " + last.textContent : "Live.");
  }

  const duration = (seconds) => {
    const s = Math.round(seconds), m = Math.floor(s / 60), h = Math.floor(m / 60);
    if (s < 60) return s + " s";
    if (m < 60) return m + " min" + (s % 60 ? " " + (s % 60) + " s" : "");
    if (h < 24) return h + " h" + (m % 60 ? " " + (m % 60) + " min" : "");
    return Math.floor(h / 24) + " d" + (h % 24 ? " " + (h % 24) + " h" : "");
  };

  setInterval(() => {
    if (source && Date.now() - heard > QUIET) { say("Connection lost, trying again."); again(); }
    for (const passed of document.querySelectorAll(".passed")) {
      const seconds = Math.max(0, (Date.now() - Date.parse(passed.dataset.since)) / 1000);
      passed.textContent = duration(seconds);
      const bar = passed.parentElement.querySelector("progress");
      if (bar) bar.value = Math.min(seconds, bar.max);
    }
  }, 5000);

  // A browser has six connections to a server over HTTP/1.1 for all tabs: those that nobody sees give theirs back.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => { close(); say("Paused."); }, 1000);
    else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });

  // Arrow keys in the matrix: a row is a project and its clusters.
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest && event.target.closest(".matrix li");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const here = [...row.querySelectorAll("a")], place = here.indexOf(event.target);
    const beside = (other) => other && other.querySelectorAll("a")[Math.min(place, other.querySelectorAll("a").length - 1)];
    const to = {
      ArrowRight: () => here[place + 1],
      ArrowLeft: () => here[place - 1],
      ArrowDown: () => beside(row.nextElementSibling),
      ArrowUp: () => beside(row.previousElementSibling),
      Home: () => here[0],
      End: () => here[here.length - 1],
    }[event.key];
    const target = to && to();
    if (target) { event.preventDefault(); target.focus(); }
  });

  open();
})();
