// Sorting, filtering, paging and deep links for the tables of the page. Without it the page shows the first rows of each.
// Rows come from the data beside each table and are made of text nodes only; nothing in the data can become markup.
(function () {
  'use strict';
  var words = JSON.parse(document.getElementById('words').textContent);
  var language = document.documentElement.lang;
  var figures = new Intl.NumberFormat(language === 'de' ? 'de-DE' : 'en-GB');
  var order = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  var FILTER_FROM = 8, PRINTED = 1000, STACKED = 20;
  // On a telephone a row is a block of its own, so that a page of the table has fewer.
  var stacked = matchMedia('(max-width: 44rem)').matches;
  var SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'];

  function say(key, values) {
    return words[key].replace(/\{(\w+)\}/g, function (_, name) {
      var value = values[name];
      return typeof value === 'number' ? figures.format(value) : value;
    });
  }
  function element(name, properties, parent) {
    var made = Object.assign(document.createElement(name), properties);
    if (parent) { parent.append(made); }
    return made;
  }
  function two(value) { return (value < 10 ? '0' : '') + value; }
  function dayText(seconds) {
    var at = new Date(seconds * 1000), year = String(at.getUTCFullYear()).padStart(4, '0'), month = two(at.getUTCMonth() + 1), day = two(at.getUTCDate());
    return language === 'de' ? day + '.' + month + '.' + year : year + '-' + month + '-' + day;
  }
  function timeText(seconds) {
    var at = new Date(seconds * 1000);
    return dayText(seconds) + ' ' + two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()) + ':' + two(at.getUTCSeconds());
  }
  function isolated(text, parent) {
    if (text === '') { parent.append('–'); } else { element('bdi', { textContent: text }, parent); }
  }
  function noted(text, note, parent) {
    isolated(text, parent);
    if (note) { isolated(note, element('small', {}, parent)); }
  }

  // How each kind of cell is drawn, what it is searched by, and what it is sorted by.
  var kinds = {
    id: {
      draw: function (id, cell, row) {
        var target = document.getElementById(id);
        if (target && target.tagName === 'ARTICLE') { element('a', { href: '#' + id, textContent: id }, cell); } else { row.id = id; isolated(id, cell); }
      }
    },
    text: { draw: isolated },
    number: { draw: function (count, cell) { cell.append(figures.format(count)); }, text: function (count) { return figures.format(count); }, key: Number },
    period: {
      draw: function (period, cell) {
        if (!period) { cell.append('–'); return; }
        var from = timeText(period[0]), to = timeText(period[1]);
        if (from === to) { cell.append(from); } else { cell.append(from + ' –', element('br', {}), to); }
      },
      text: function (period) { return period ? timeText(period[0]) + ' – ' + timeText(period[1]) : ''; },
      key: function (period) { return period ? period[0] : -Infinity; }
    },
    severity: {
      draw: function (key, cell) { element('span', { className: 'sev sev-' + key, textContent: words['severity_' + key] || key }, cell); },
      text: function (key) { return words['severity_' + key] || key; },
      key: function (key) { return SEVERITIES.indexOf(key); }
    },
    lines: {
      draw: function (lines, cell) {
        if (!lines.length) { cell.append('–'); }
        lines.forEach(function (line, index) { if (index) { element('br', {}, cell); } isolated(line, cell); });
      },
      text: function (lines) { return lines.join('\n'); }
    },
    noted: { draw: function (pair, cell) { noted(pair[0], pair[1], cell); }, text: function (pair) { return pair.join('\n'); } },
    valued: { draw: function (value, cell) { noted(value[1], value[2], cell); }, text: function (value) { return value[1] + '\n' + value[2]; }, key: function (value) { return value[0]; } },
    content: {
      draw: function (content, cell) {
        isolated(content[0], element('small', {}, cell));
        if (content[1]) {
          var template = element('bdi', {}, element('div', { className: 'template' }, cell));
          content[1].split(' ').forEach(function (part, index) {
            if (index) { template.append(' '); }
            if (part === '*') { element('span', { className: 'slot', textContent: '[…]' }, template); } else { template.append(part); }
          });
        }
        if (content[2]) {
          var box = element('details', {}, cell);
          element('summary', { textContent: words.sample }, box);
          element('bdi', { textContent: content[2] }, element('div', { className: 'sample' }, box));
        }
      },
      text: function (content) { return content.join('\n'); },
      key: function (content) { return content[1] || content[2] || content[0]; }
    }
  };
  function textOf(kind, value) { return kind.text ? kind.text(value) : value; }
  function keyOf(kind, value) { return kind.key ? kind.key(value) : textOf(kind, value); }
  // What a function gives for each row; equal cells are looked at once.
  function each(column, give) {
    var kind = kinds[column.kind];
    if (!column.words) { return column.values.map(function (value) { return give(kind, value); }); }
    var known = column.words.map(function (word) { return give(kind, word); });
    return column.values.map(function (index) { return known[index]; });
  }

  function List(box, index) {
    var self = this;
    this.box = box;
    this.scroll = box.querySelector('.scroll');
    this.table = box.querySelector('table');
    this.body = this.table.tBodies[0];
    this.heads = Array.from(this.table.tHead.rows[0].cells);
    this.labels = this.heads.map(function (cell) { return cell.textContent; });
    this.caption = this.table.caption.textContent.trim();
    this.source = box.querySelector('script');
    this.state = { text: '', from: '', to: '', severity: '' };
    this.page = 0;
    if (this.body.rows.length < 2) { return; }
    this.heads.forEach(function (cell, column) {
      var button = element('button', { type: 'button' });
      button.append.apply(button, Array.from(cell.childNodes));
      cell.append(button);
      cell.setAttribute('aria-sort', 'none');
      button.addEventListener('click', function () { self.sort(column); });
    });
    if (this.body.rows.length >= FILTER_FROM) { this.tools(index); }
  }
  // The data is read when it is first asked for, so that a page of many tables opens at once.
  List.prototype.load = function () {
    if (this.columns) { return; }
    var data = JSON.parse(this.source.textContent), count = data.columns[0].values.length;
    this.columns = data.columns;
    this.size = stacked ? STACKED : data.page;
    this.count = count;
    this.natural = Array.from({ length: count }, function (_, row) { return row; });
    this.sorted = this.natural;
    this.found = this.natural;
  };
  List.prototype.value = function (column, row) {
    var cells = this.columns[column];
    return cells.words ? cells.words[cells.values[row]] : cells.values[row];
  };
  List.prototype.column = function (kind) {
    return this.columns.findIndex(function (column) { return column.kind === kind; });
  };
  List.prototype.tools = function (index) {
    var self = this, waiting = 0, bar = element('div', { className: 'tools' });
    bar.setAttribute('role', 'group');
    bar.setAttribute('aria-label', say('js_tools', { caption: this.caption }));
    function field(key, type, label) {
      var id = 'filter-' + key + '-' + index, pair = element('span', { className: 'field' }, bar);
      element('label', { htmlFor: id, textContent: label }, pair);
      var input = type === 'select' ? element('select', { id: id }, pair) : element('input', { type: type, id: id, autocomplete: 'off' }, pair);
      input.addEventListener('input', function () {
        clearTimeout(waiting);
        waiting = setTimeout(function () { self.state[key] = input.value; self.filter(); }, type === 'search' ? 150 : 0);
      });
      self.fields.push(input);
      return input;
    }
    this.fields = [];
    field('text', 'search', words.js_filter);
    if (this.box.hasAttribute('data-graded')) {
      var choice = field('severity', 'select', words.js_severity);
      element('option', { value: '', textContent: words.js_every }, choice);
      SEVERITIES.slice().reverse().forEach(function (key) { element('option', { value: key, textContent: words['severity_' + key] }, choice); });
    }
    if (this.box.hasAttribute('data-dated')) {
      field('from', 'date', words.js_from);
      field('to', 'date', words.js_to);
    }
    this.status = element('p', { className: 'status' }, bar);
    this.status.setAttribute('role', 'status');
    this.scroll.before(bar);
    // How many rows there are is known without reading them.
    var told = /"all":(\d+)/.exec(this.source.textContent.slice(0, 80));
    this.all = told ? +told[1] : this.body.rows.length;
    var first = stacked ? STACKED : this.body.rows.length;
    if (this.all > first) {
      this.load();
      this.pager();
      if (this.body.rows.length > first) { this.show(); }
    }
    this.tell();
  };
  List.prototype.pager = function () {
    var self = this;
    this.nav = element('nav', { className: 'pager' });
    this.nav.setAttribute('aria-label', say('js_pager', { caption: this.caption }));
    function step(label, to) {
      var button = element('button', { type: 'button', textContent: label }, self.nav);
      button.addEventListener('click', function () {
        self.page = to();
        self.show();
        self.scroll.scrollIntoView({ block: 'start' });
      });
      return button;
    }
    this.first = step(words.js_first, function () { return 0; });
    this.previous = step(words.js_previous, function () { return self.page - 1; });
    this.place = element('span', {}, this.nav);
    this.place.setAttribute('role', 'status');
    this.next = step(words.js_next, function () { return self.page + 1; });
    this.last = step(words.js_last, function () { return self.pages() - 1; });
    this.scroll.after(this.nav);
    this.turn();
  };
  List.prototype.pages = function () { return Math.max(1, Math.ceil(this.found.length / this.size)); };
  List.prototype.sort = function (column) {
    this.load();
    var cell = this.heads[column], state = cell.getAttribute('aria-sort');
    var now = state === 'none' ? 'ascending' : state === 'ascending' ? 'descending' : 'none';
    this.heads.forEach(function (other) { other.setAttribute('aria-sort', 'none'); });
    cell.setAttribute('aria-sort', now);
    if (now === 'none') {
      this.sorted = this.natural;
    } else {
      var keys = each(this.columns[column], keyOf), sign = now === 'descending' ? -1 : 1;
      if (typeof keys[0] === 'string') { keys = ranks(keys); }
      this.sorted = this.natural.slice().sort(function (one, other) { return sign * (keys[one] - keys[other]) || one - other; });
    }
    this.filter();
  };
  // Texts compared once each: a collator asked a million times would freeze the page.
  function ranks(keys) {
    var place = new Map();
    Array.from(new Set(keys)).sort(order.compare).forEach(function (text, index) { place.set(text, index); });
    return keys.map(function (text) { return place.get(text); });
  }
  List.prototype.filter = function () {
    this.load();
    var self = this, state = this.state, wanted = state.text.trim().toLocaleLowerCase(language), found = this.sorted;
    if (wanted) {
      var hits = new Uint8Array(this.count);
      this.columns.forEach(function (column) {
        each(column, function (kind, value) { return String(textOf(kind, value)).toLocaleLowerCase(language).includes(wanted); })
          .forEach(function (hit, row) { if (hit) { hits[row] = 1; } });
      });
      found = found.filter(function (row) { return hits[row]; });
    }
    if (state.severity) {
      var graded = this.column('severity');
      found = found.filter(function (row) { return self.value(graded, row) === state.severity; });
    }
    var from = state.from ? Date.parse(state.from + 'T00:00:00Z') / 1000 : -Infinity;
    var to = state.to ? Date.parse(state.to + 'T23:59:59Z') / 1000 : Infinity;
    if (state.from || state.to) {
      var dated = this.column('period');
      found = found.filter(function (row) {
        var period = self.value(dated, row);
        return period && period[1] >= from && period[0] <= to;
      });
    }
    this.found = found;
    this.page = 0;
    this.show();
  };
  List.prototype.isFiltered = function () {
    var state = this.state;
    return Boolean(state.text.trim() || state.from || state.to || state.severity);
  };
  List.prototype.draw = function (rows) {
    var self = this, fragment = document.createDocumentFragment();
    // Rows that leave the page give their ids back before others take them.
    this.body.replaceChildren();
    rows.forEach(function (at) {
      var row = element('tr', {}, fragment);
      row.setAttribute('role', 'row');
      self.columns.forEach(function (column, index) {
        var cell = element(index ? 'td' : 'th', {}, row);
        if (!index) { cell.scope = 'row'; }
        cell.setAttribute('role', index ? 'cell' : 'rowheader');
        if (self.heads[index].className) { cell.className = self.heads[index].className; }
        cell.setAttribute('data-label', self.labels[index]);
        kinds[column.kind].draw(self.value(index, at), cell, row);
      });
    });
    this.body.append(fragment);
  };
  List.prototype.show = function () {
    var first = this.page * this.size;
    this.draw(this.found.slice(first, first + this.size));
    this.tell();
    this.turn();
  };
  List.prototype.tell = function () {
    if (!this.status) { return; }
    var state = this.state, shown = this.columns ? this.found.length : this.body.rows.length, filters = [];
    if (state.text.trim()) { filters.push(say('js_quoted', { text: state.text.trim() })); }
    if (state.severity) { filters.push(words['severity_' + state.severity]); }
    if (state.from) { filters.push(words.js_from + ' ' + dayText(Date.parse(state.from) / 1000)); }
    if (state.to) { filters.push(words.js_to + ' ' + dayText(Date.parse(state.to) / 1000)); }
    this.status.classList.toggle('idle', !filters.length);
    var held = this.columns ? this.count : this.body.rows.length;
    this.status.textContent = filters.length ? say('js_filtered', { shown: shown, all: held, filter: filters.join(', ') }) : say(held === 1 ? 'js_one' : 'js_all', { all: held });
  };
  List.prototype.turn = function () {
    if (!this.nav) { return; }
    var count = this.found.length, first = this.page * this.size;
    this.nav.hidden = count <= this.size;
    this.place.textContent = say('js_page', { from: first + 1, to: Math.min(first + this.size, count), count: count });
    this.first.disabled = this.previous.disabled = this.page === 0;
    this.next.disabled = this.last.disabled = this.page >= this.pages() - 1;
  };
  List.prototype.find = function (id) {
    if (this.box.querySelector('thead .id') === null) { return -1; }
    this.load();
    var column = this.column('id');
    return column < 0 ? -1 : this.columns[column].values.indexOf(id);
  };
  List.prototype.reveal = function (row) {
    if (!this.found.includes(row)) {
      this.state = { text: '', from: '', to: '', severity: '' };
      (this.fields || []).forEach(function (input) { input.value = ''; });
      this.filter();
    }
    this.page = Math.floor(this.found.indexOf(row) / this.size);
    this.show();
  };
  List.prototype.print = function () {
    if (!this.columns) { return; }
    // Numbers beside a chart would fill a binder; their first page shows what they are.
    var most = this.box.closest('details') ? this.size : PRINTED;
    this.draw(this.found.slice(0, most));
    if (this.status && this.found.length > most) {
      this.status.classList.remove('idle');
      this.status.textContent += ' ' + say('js_printed', { shown: most, all: this.found.length });
    }
  };

  var lists = Array.from(document.querySelectorAll('.list')).map(function (box, index) { return new List(box, index); });
  document.documentElement.classList.add('scripted');

  function follow() {
    var id = decodeURIComponent(location.hash.slice(1));
    if (!id) { return; }
    var target = document.getElementById(id);
    if (!target && /^[A-Z]-/.test(id)) {
      lists.some(function (list) {
        var row = list.find(id);
        if (row >= 0) { list.reveal(row); target = document.getElementById(id); }
        return row >= 0;
      });
    }
    if (!target) { return; }
    var inner = target.querySelector(':scope > details');
    if (inner) { inner.open = true; }
    for (var box = target.closest('details'); box; box = box.parentElement.closest('details')) { box.open = true; }
    document.querySelectorAll('.target').forEach(function (other) { other.classList.remove('target'); });
    if (target.tagName === 'TR' || target.tagName === 'ARTICLE') {
      target.classList.add('target');
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: target.tagName === 'TR' ? 'center' : 'start' });
    }
  }
  addEventListener('hashchange', follow);
  follow();

  var opened = [];
  addEventListener('beforeprint', function () {
    lists.forEach(function (list) { list.print(); });
    opened = Array.from(document.querySelectorAll('details:not([open])'));
    opened.forEach(function (box) { box.open = true; });
  });
  addEventListener('afterprint', function () {
    opened.forEach(function (box) { box.open = false; });
    lists.forEach(function (list) { if (list.columns) { list.show(); } });
  });
})();
