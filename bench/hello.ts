import { http } from '@google-cloud/functions-framework'

// What the functions are compared with. It is also started as JavaScript: there are no types in it.
http('hello', (_request, response) => response.send('hello'))
