/// One character in motion: plausible enough that replays compress like real ones.
///
/// Real replays compress well because little changes from frame to frame, sticks rest on a grid of eightieths, and
/// positions are sums of velocities (slp-compression.md §3); this keeps all three.
struct Fighter: Sendable {
    let port: Int
    let isFollower: Bool
    var character: UInt8
    private(set) var x: Float
    private(set) var y: Float = 0
    private(set) var facing: Float
    private(set) var percent: Float = 0
    private(set) var shield: Float = 60
    private(set) var stocks: UInt8
    private(set) var action: UInt16 = 14
    private(set) var actionAge: Float = 0
    private(set) var stickX: Int8 = 0
    private(set) var stickY: Int8 = 0
    private(set) var cStickX: Int8 = 0
    private(set) var trigger: UInt8 = 0
    private(set) var buttons: UInt16 = 0
    private(set) var groundSpeed: Float = 0
    private(set) var ySpeed: Float = 0
    private(set) var knockbackX: Float = 0
    private(set) var knockbackY: Float = 0
    private(set) var jumpsLeft: UInt8 = 2
    private(set) var hitlag: Float = 0
    private(set) var instance: UInt16 = 0

    private var stickTarget: Int8 = 0
    private var framesOfPlan = 0

    var isAirborne: Bool { y > 0 }
    /// The speed that the character itself makes: in the air or on the ground it is the same number here.
    var xSpeed: Float { groundSpeed }

    init(port: Int, isFollower: Bool, character: UInt8, stocks: UInt8) {
        self.port = port
        self.isFollower = isFollower
        self.character = character
        self.stocks = stocks
        x = Float(port * 28 - 70) + (isFollower ? 6 : 0)
        facing = port.isMultiple(of: 2) ? -1 : 1
    }

    /// Plays one frame; nobody can act before frame -39 (slp-format.md §10).
    mutating func advance(frame: Int, random: inout SeededGenerator) {
        actionAge += 1
        guard frame >= -39 else { return }
        framesOfPlan -= 1
        if framesOfPlan <= 0 { makePlan(&random) }
        moveStick(&random)
        move()
        if random.below(200) == 0 { takeHit(&random) }
    }

    /// Loses a stock and starts again from the top.
    mutating func loseStock() {
        stocks -= min(stocks, 1)
        (percent, knockbackX, knockbackY, groundSpeed) = (0, 0, 0, 0)
        (x, y, ySpeed) = (0, 40, 0)
        begin(12)
    }

    private mutating func makePlan(_ random: inout SeededGenerator) {
        framesOfPlan = 6 + random.below(36)
        let plan = random.below(8)
        let grid: [Int8] = [-80, -80, -55, 0, 0, 55, 80, 80]
        stickTarget = grid[plan]
        stickY = random.below(6) == 0 ? -56 : 0
        buttons = random.below(3) == 0 ? 1 << UInt16(8 + random.below(4)) : 0
        cStickX = random.below(20) == 0 ? 80 : 0
        trigger = random.below(8) == 0 ? UInt8(random.below(141)) : 0
        if random.below(4) == 0, jumpsLeft > 0 {
            ySpeed = 2.2
            jumpsLeft -= 1
            begin(25)
        } else {
            begin(stickTarget == 0 ? 14 : 20)
        }
    }

    private mutating func begin(_ action: UInt16) {
        self.action = action
        actionAge = 0
        instance &+= 1
    }

    /// A thumb takes a few frames to get where it goes, and trembles a little on the way.
    private mutating func moveStick(_ random: inout SeededGenerator) {
        let distance = Int(stickTarget) - Int(stickX)
        guard distance != 0 else { return }
        let step = min(abs(distance), 23 + random.below(20))
        stickX = Int8(clamping: Int(stickX) + step * distance.signum())
    }

    private mutating func move() {
        let wanted = Float(stickX) / 80 * 1.6
        groundSpeed += (wanted - groundSpeed) * 0.25
        if abs(groundSpeed) < 0.01 { groundSpeed = 0 }
        if stickX != 0, !isAirborne { facing = stickX < 0 ? -1 : 1 }
        if isAirborne { ySpeed = max(ySpeed - 0.13, -2.4) }
        // The order of the sums is the game's (slp-compression.md §3, fact 3).
        x = (x + groundSpeed) + knockbackX
        y = (y + ySpeed) + knockbackY
        if abs(x) > 84 { (x, groundSpeed) = (x < 0 ? -84 : 84, 0) }
        if y <= 0 { (y, ySpeed, jumpsLeft) = (0, 0, 2) }
        knockbackX = abs(knockbackX) < 0.051 ? 0 : knockbackX - (knockbackX < 0 ? -0.051 : 0.051)
        knockbackY = max(0, knockbackY - 0.051)
        hitlag = max(0, hitlag - 1)
        shield = min(60, shield + 0.07)
    }

    private mutating func takeHit(_ random: inout SeededGenerator) {
        percent = min(999, percent + Float(3 + random.below(14)))
        let force = Float(random.below(40)) / 20 + percent / 100
        knockbackX = random.below(2) == 0 ? force : -force
        knockbackY = force / 2
        y = max(y, 0.01)
        hitlag = 5
        begin(UInt16(75 + random.below(16)))
    }
}
