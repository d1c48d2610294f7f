/// Waits, asking again and again, until something outside this process has happened.
///
/// - Throws: ``NeverHappened`` after ten seconds.
package func eventually(_ condition: () throws -> Bool) throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(10)
    while try !condition() {
        guard clock.now < end else { throw NeverHappened() }
    }
}

/// What was waited for did not happen within ten seconds.
package struct NeverHappened: Error {}
