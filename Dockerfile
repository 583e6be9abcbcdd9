# The command line and the controller, as one image for linux/amd64 and linux/arm64:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t ses-lambda-pipeline:0.1.0 .
#
# `npm run image:rootfs` runs these very instructions without a container engine (tools/image/), and the tests start the
# result. It knows the instructions that stand here; teach it those that you add.
#
# Images are named by tag: a digest belongs here only when it was read from the registry. Renovate pins them (renovate.json).

# Nothing that is built depends on the processor, so this stage runs on that of the builder.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS build
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx tsc -p tsconfig.build.json --declaration false
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund
COPY tools/prune-dependencies.ts ./tools/
RUN node tools/prune-dependencies.ts node_modules

FROM gcr.io/distroless/nodejs24-debian13:nonroot
# Given by the release; an image made by hand says that it is one.
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ses-lambda-pipeline" \
      org.opencontainers.image.description="A GitOps reconciler for inbound mail on AWS" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian13:nonroot"
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=build /source/node_modules ./node_modules
COPY --from=build /source/dist ./dist
# The AWS SDK asks for a home; a user that a platform makes up, as OpenShift does, would otherwise have none.
ENV NODE_ENV=production HOME=/home/nonroot
# By number, so that the kubelet can see that it is not root; the name in the base image is nonroot.
USER 65532:65532
EXPOSE 8080 8081
# No text from outside can change what all objects inherit: __proto__ is switched off.
ENTRYPOINT ["/nodejs/bin/node", "--disable-proto=delete", "/app/bin/ses-lambda-pipeline.js"]
CMD ["--help"]
