(function () {
  "use strict";
  // For the browsers of old tablets: no syntax newer than ECMAScript 5. Text from data goes into text nodes only.
  var POLL_MS = 10000, CHECK_MS = 180000, RECONNECT_MS = 30000, MESSAGE_MS = 6000, SURE_MS = 4000, LONG_NAME = 16;
  var words = JSON.parse(document.getElementById("words").textContent);
  var here = window.location;
  var base = here.pathname.replace(/\/page$/, "");
  var query = here.search;
  var state = null, skew = 0, source = null, isOffline = false, isSure = false, isSending = false;
  var messageTimer = null, sureTimer = null, askedAt = 0, isGone = false, drawn = "";

  function byId(id) { return document.getElementById(id); }

  function show(id, text) {
    var element = byId(id);
    while (element.firstChild) { element.removeChild(element.firstChild); }
    element.appendChild(document.createTextNode(text || ""));
  }

  function make(parent, name, className, text) {
    var element = document.createElement(name);
    if (className) { element.className = className; }
    if (text) { element.appendChild(document.createTextNode(text)); }
    parent.appendChild(element);
    return element;
  }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (_, name) { return String(values[name]); });
  }

  function two(number) { return (number < 10 ? "0" : "") + number; }

  // The room's wall clock at an instant, as the UTC fields of a date.
  function wall(milliseconds) { return new Date(milliseconds + (state ? state.utc_offset_minutes : 0) * 60000); }

  function clock(instant) {
    var at = wall(instant);
    return two(at.getUTCHours()) + ":" + two(at.getUTCMinutes());
  }

  function isToday(instant) {
    var a = wall(instant), b = wall(Date.now() + skew);
    return a.getUTCDate() === b.getUTCDate() && a.getUTCMonth() === b.getUTCMonth();
  }

  function when(text) {
    var instant = Date.parse(text);
    return (isToday(instant) ? "" : words.weekdays[wall(instant).getUTCDay()] + ", ") + clock(instant);
  }

  function tick() {
    if (!state) { return; }
    var at = wall(Date.now() + skew);
    show("clock", two(at.getUTCHours()) + ":" + two(at.getUTCMinutes()));
    show("date", words.weekdays[at.getUTCDay()] + ", " + at.getUTCDate() + " " + words.months[at.getUTCMonth()]);
  }

  function nameOf(meeting) {
    if (meeting.is_held) { return words.held_by; }
    if (meeting.is_walk_up) { return words.walk_up; }
    return meeting.title || meeting.organizer || words["private"];
  }

  function action(parent, text, note, className, press) {
    var button = make(parent, "button", className, text);
    button.type = "button";
    button.disabled = isSending;
    if (note) { make(button, "small", "", note); }
    button.onclick = press;
  }

  function labelled(parent, label) {
    var row = make(parent, "div", "row");
    make(row, "div", "label", label);
    return row;
  }

  function choices(row, list, path) {
    list.forEach(function (choice) {
      var text = fill(words.minutes, { count: choice.minutes });
      action(row, text, fill(words.till, { time: when(choice.end_time) }), "", function () {
        send(path, { minutes: choice.minutes });
      });
    });
  }

  function drawActions() {
    var parent = byId("actions");
    var wanted = JSON.stringify([state.check_in, state.now && state.now.start_time, state.quick_bookings,
      state.extensions, state.can_end, isSure, isSending]);
    // A button that is being pressed must stay the same one.
    if (wanted === drawn) { return; }
    drawn = wanted;
    while (parent.firstChild) { parent.removeChild(parent.firstChild); }
    var row = null;
    if (state.check_in) {
      var isNow = state.now && state.now.start_time === state.check_in.start_time;
      var note = isNow ? "" : fill(words.meeting_at, { time: when(state.check_in.start_time) });
      row = labelled(parent, fill(words.check_in_until, { time: when(state.check_in.until) }));
      action(row, words.check_in, note, "main", function () { send("/check-in"); });
    }
    if (state.quick_bookings.length) {
      choices(labelled(parent, words.book), state.quick_bookings, "/book");
    }
    if (!state.can_end) { return; }
    // Whoever has not come yet extends nothing.
    if (!row) {
      row = labelled(parent, state.extensions.length ? words.extend : "");
      choices(row, state.extensions, "/extend");
    }
    action(row, isSure ? words.sure : words.end, "", isSure ? "sure" : "quiet", function () {
      if (isSure) { notSure(); send("/end"); return; }
      isSure = true;
      sureTimer = setTimeout(notSure, SURE_MS);
      drawActions();
    });
  }

  function notSure() {
    isSure = false;
    clearTimeout(sureTimer);
    if (state) { drawActions(); }
  }

  function statusNote() {
    if (state.status === "free") {
      return state.free_until ? fill(words.until, { time: when(state.free_until) }) : words.free_ahead;
    }
    var until = state.status === "closed" ? state.closed && state.closed.until : state.busy_until;
    return until ? fill(words.until, { time: when(until) }) : "";
  }

  function drawState() {
    var meeting = state.now, what = "", who = "";
    if (meeting) {
      what = nameOf(meeting);
      who = meeting.title && meeting.organizer ? meeting.organizer : "";
      if (meeting.is_pending) { who = words.pending; }
    } else if (state.status === "busy") {
      what = words.preparing;
    } else if (state.status === "closed" && state.closed) {
      what = state.closed.title || words[state.closed.kind === "closed" ? "blocked_closed" : state.closed.kind] || "";
    }
    var waits = state.check_in && meeting && state.status === "busy";
    document.body.className = (waits ? "check" : state.status) + (isOffline ? " offline" : "");
    show("status", words[state.status]);
    show("until", statusNote());
    show("what", what);
    show("who", who);
  }

  function drawAgenda() {
    var list = byId("agenda"), now = Date.now() + skew, meetings = [];
    while (list.firstChild) { list.removeChild(list.firstChild); }
    state.today.forEach(function (meeting) {
      if (Date.parse(meeting.end_time) > now) { meetings.push(meeting); }
    });
    var isLater = !meetings.length && state.next;
    if (isLater) { meetings.push(state.next); }
    show("agenda-title", isLater ? words.next_day : words.today);
    meetings.slice(0, 6).forEach(function (meeting) {
      var item = make(list, "li"), started = Date.parse(meeting.start_time) <= now;
      make(item, "span", "when", when(meeting.start_time) + "–" + clock(Date.parse(meeting.end_time)));
      if (started) { make(item, "span", "", " · " + words.now); }
      make(item, "span", "title", nameOf(meeting));
    });
    if (!meetings.length) { make(list, "li", "", words.nothing); }
  }

  function drawRoom() {
    var room = state.room, place = [fill(words.seats, { count: room.capacity })];
    show("room", room.name);
    byId("room").className = room.name.length > LONG_NAME ? "long" : "";
    document.title = room.name;
    if (room.building) { place.push(room.building); }
    if (room.floor !== null) { place.push(fill(words.floor, { floor: room.floor })); }
    if (room.zone) { place.push(room.zone); }
    if (place.length === 1 && room.location) { place.push(room.location); }
    show("place", place.join(" · "));
    show("equipment", room.equipment.map(function (thing) {
      var name = thing.name + (thing.quantity > 1 ? " × " + thing.quantity : "");
      if (thing.out_of_order) {
        name += " (" + words.out_of_order + (thing.quantity > 1 ? ": " + thing.out_of_order : "") + ")";
      }
      return name;
    }).join(" · "));
    byId("code").className = state.code ? "shown" : "";
    show("code-value", state.code);
  }

  function draw() {
    if (!state) { return; }
    tick();
    drawRoom();
    drawState();
    drawAgenda();
    drawActions();
  }

  function arrived(text) {
    state = JSON.parse(text);
    skew = Date.parse(state.server_time) - Date.now();
    askedAt = Date.now();
    isOffline = isGone = false;
    draw();
  }

  function say(text) {
    show("message", text);
    byId("message").className = "shown";
    clearTimeout(messageTimer);
    messageTimer = setTimeout(function () { byId("message").className = ""; }, MESSAGE_MS);
  }

  function lost() {
    isOffline = true;
    document.body.className = document.body.className.replace(/ ?offline/g, "") + " offline";
  }

  function gone() {
    state = null;
    isGone = true;
    drawn = "";
    askedAt = Date.now();
    document.body.className = "closed";
    ["place", "until", "what", "who", "room", "clock", "date", "equipment", "code-value", "agenda", "agenda-title",
      "actions"].forEach(function (id) { show(id, ""); });
    byId("code").className = "";
    show("status", words.closed);
    show("what", words.gone);
  }

  function request(method, path, body, done) {
    var call = new XMLHttpRequest();
    call.open(method, base + path + query);
    call.timeout = 15000;
    call.setRequestHeader("Accept-Language", document.documentElement.lang);
    if (body) { call.setRequestHeader("Content-Type", "application/json"); }
    call.onload = function () { done(call.status, call.responseText); };
    call.onerror = call.ontimeout = function () { done(0, ""); };
    call.send(body ? JSON.stringify(body) : null);
  }

  function read() {
    request("GET", "", null, function (status, text) {
      if (status === 200) { arrived(text); }
      else if (status === 404) { gone(); }
      else { lost(); }
    });
  }

  function send(path, body) {
    if (isSending) { return; }
    isSending = true;
    drawActions();
    request("POST", path, body, function (status, text) {
      isSending = false;
      if (status === 200 || status === 201) { arrived(text); return; }
      say(status === 0 ? words.offline : refusal(status, text));
      read();
    });
  }

  function refusal(status, text) {
    var problem = null;
    try { problem = JSON.parse(text); } catch (ignored) { problem = null; }
    if (problem && problem.code === "room_taken") { return words.taken; }
    if (status === 429) { return words.busy_server; }
    return status < 500 && problem && problem.detail ? problem.detail : words.failed;
  }

  function follow() {
    if (!window.EventSource) { return; }
    source = new EventSource(base + "/stream" + query);
    source.addEventListener("panel", function (event) { arrived(event.data); });
    source.onopen = function () { if (isOffline) { read(); } };
    source.onerror = function () {
      if (source.readyState !== 2) { return; }
      // Refused for good, the browser gives up; this page does not.
      source = null;
      read();
      setTimeout(follow, RECONNECT_MS + Math.random() * RECONNECT_MS);
    };
  }

  setInterval(tick, 1000);
  setInterval(function () {
    var isLive = source && source.readyState === 1;
    if ((!isLive && !isGone) || isOffline || Date.now() - askedAt > CHECK_MS) { read(); }
  }, POLL_MS);
  // What is over leaves the list of today without a change of the room.
  setInterval(draw, 30000);
  read();
  follow();
}());
