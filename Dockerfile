# The images of Almagest, built from a clone, with nothing but Docker:
#   docker build --target command -t almagest .                              the command
#   docker build --target function --build-arg FUNCTION=discovery -t discovery .   a function, one of those below functions/
# The function finds its environment file where ALMAGEST_ENVIRONMENT says. Another version of Node.js is another digest:
# docker buildx imagetools inspect node:VERSION-slim
ARG FUNCTION=discovery

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY deploy deploy
COPY shared shared
COPY functions functions
COPY cli cli
COPY console console
RUN npm run build

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS function
ARG FUNCTION
ENV NODE_ENV=production FUNCTION_TARGET=$FUNCTION
WORKDIR /workspace
COPY --from=build /build/dist/$FUNCTION/package.json /build/dist/$FUNCTION/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY --from=build /build/dist/$FUNCTION ./
# The function cannot write any files but those of its compile cache, which Node.js keeps for each user apart.
RUN install -d -o node .compile-cache
USER node
RUN npm run gcp-build
ENV NODE_COMPILE_CACHE=/workspace/.compile-cache
# While it starts, nothing is thrown away: V8 begins with room for so many MiB of young objects.
ENTRYPOINT ["node", "--min-semi-space-size=16", "node_modules/.bin/functions-framework"]

# The last one is what a build without --target makes.
FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS command
ENV NODE_ENV=production
COPY --from=build /build/package.json /almagest/package.json
COPY --from=build /build/cli/almagest.js /almagest/cli/almagest.js
COPY --from=build /build/dist/command /almagest/dist/command
USER node
WORKDIR /work
ENTRYPOINT ["node", "/almagest/cli/almagest.js"]
CMD ["--help"]
