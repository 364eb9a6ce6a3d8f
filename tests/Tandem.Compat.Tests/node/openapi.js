// Holds an OpenAPI document (a file) against the specification and resolves all its references. Prints how many operations it has.
const parser = require('@apidevtools/swagger-parser');

parser.validate(process.argv[2]).then((api) => {
  const methods = Object.values(api.paths).map((path) => Object.keys(path).length);
  console.log(JSON.stringify({ openapi: api.openapi, operations: methods.reduce((a, b) => a + b, 0) }));
});
