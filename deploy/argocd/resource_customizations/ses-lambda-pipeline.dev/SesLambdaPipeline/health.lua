-- The resource follows kstatus: status.observedGeneration, and the conditions Ready, Reconciling and Stalled, of which
-- the last two are there only while they are True. Degraded ends a sync as failed, so only Stalled is Degraded: nothing
-- will change until a person does something. What is tried again by itself is Progressing.
local function described(condition)
  local reason = condition.reason or condition.type
  if condition.message == nil or condition.message == "" then
    return reason
  end
  return reason .. ": " .. condition.message
end

local health = { status = "Progressing", message = "Waiting for the controller" }

-- Before the status: a resource that is suspended from the start gets none from any controller that is not running.
if obj.spec ~= nil and obj.spec.suspend == true then
  health.status = "Suspended"
  health.message = "spec.suspend is true: AWS is neither compared nor written"
  return health
end

if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "Waiting for the controller to see the latest change"
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end
local function isTrue(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

if isTrue("Stalled") then
  health.status = "Degraded"
  health.message = described(conditions["Stalled"])
  return health
end
if isTrue("Reconciling") then
  health.message = described(conditions["Reconciling"])
  return health
end
if isTrue("Ready") then
  health.status = "Healthy"
  health.message = conditions["Ready"].message or "Ready"
  if isTrue("Drifted") then
    health.message = described(conditions["Drifted"])
  end
  return health
end
if conditions["Ready"] ~= nil then
  health.message = described(conditions["Ready"])
end
return health
