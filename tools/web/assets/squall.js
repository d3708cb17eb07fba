'use strict';

/**
 * The viewer of squall: the page of `squall web` and of report.html. Plain scripts, joined in the
 * order of `manifest`; each adds one noun to this object. Text from outside (names, errors, hosts)
 * enters the page as textContent and in no other way.
 */
const squall = {};
