/** What all pages share; nothing in it comes from elsewhere. */
export const STYLE = `:root { color-scheme: light dark; --line: #8886; --soft: #8882; --link: #0b57d0; --warn: #b3261e }
@media (prefers-color-scheme: dark) { :root { --link: #8ab4f8; --warn: #f2b8b5 } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem 1.5rem 4rem }
a { color: var(--link) }
header { border-bottom: 1px solid var(--line); margin-bottom: 1rem; padding-bottom: .5rem }
h1 { font-size: 1.6rem; margin: .5rem 0 } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 1rem 0 .25rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: var(--soft); position: sticky; top: 0 }
code, .name { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere }
:target { outline: 2px solid var(--link) }
.wide { overflow-x: auto } .breaking { color: var(--warn); font-weight: 600 } .note { opacity: .75 }
input[type=search] { font: inherit; padding: .4rem .6rem; width: min(40rem, 100%) }
pre { background: var(--soft); overflow-x: auto; padding: .5rem }
`

/** The search: every word must occur in the name, unit, UCD or description of a table or column. */
export const SEARCH = `(function () {
  var input = document.querySelector('input[type=search]'), list = document.getElementById('hits')
  var count = document.getElementById('count'), entries = window.ALMAGEST_INDEX, most = 200
  if (!input || !entries) return
  var texts = entries.map(function (entry) { return entry.slice(1).join(' ').toLowerCase() })
  function show() {
    var words = input.value.toLowerCase().split(/\\s+/).filter(Boolean), found = []
    list.textContent = ''
    count.textContent = ''
    if (words.length === 0) return
    for (var i = 0; i < entries.length; i++) {
      if (words.every(function (word) { return texts[i].indexOf(word) >= 0 })) found.push(entries[i])
    }
    found.slice(0, most).forEach(function (entry) {
      var row = list.insertRow(), link = document.createElement('a')
      link.href = input.dataset.root + entry[0]
      link.textContent = entry[1]
      row.insertCell().appendChild(link)
      entry.slice(2).forEach(function (text) { row.insertCell().textContent = text })
    })
    count.textContent = found.length + ' found' + (found.length > most ? ', the first ' + most + ' are shown' : '')
  }
  input.addEventListener('input', show)
  var given = new URLSearchParams(location.search).get('q')
  if (given) input.value = given
  show()
})()
`
